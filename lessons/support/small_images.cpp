#include "support/small_images.h"

#include "weft/ops/resize.h"

namespace lessons {

weft::Dataset small_images(const weft::Dataset& pictures) {
  // Of bytes too it gives float32, in their scale of 0..255: the scaling to 0..1 stays what it was.
  return {weft::resize_area(pictures.inputs(), kSmallImage), pictures.labels(), pictures.classes(),
          pictures.scaling()};
}

}  // namespace lessons
