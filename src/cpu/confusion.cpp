#include "src/cpu/confusion.h"

#include "src/cpu/parallel.h"
#include "src/cpu/row_argmax.h"

namespace weft::cpu {

template <class T>
void add_confusion(const T* scores, const std::int32_t* labels, std::int32_t* counts,
                   std::int64_t rows, std::int64_t classes) {
  parallel_for(rows, rows * classes, [=](std::int64_t r) {
    if (labels[r] < 0 || labels[r] >= classes) return;
    std::int32_t& count =
        counts[labels[r] * classes + argmax_of_row(scores + r * classes, classes)];
#pragma omp atomic
    ++count;
  });
}

template void add_confusion(const float*, const std::int32_t*, std::int32_t*, std::int64_t,
                            std::int64_t);
template void add_confusion(const double*, const std::int32_t*, std::int32_t*, std::int64_t,
                            std::int64_t);

}  // namespace weft::cpu
