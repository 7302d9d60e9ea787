#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "weft/nn.h"
#include "weft/tensor.h"
#include "weft/window.h"

namespace weft {
/// @addtogroup io
/// @{

/// Reads an IDX file (plain or gzip) of unsigned bytes or int32 into a tensor on Device::cpu, uint8 or
/// int32, with the shape in its header. The header is checked against the file's size before anything
/// is allocated. Throws FileError: path, offset, expected, found.
Tensor read_idx(const std::filesystem::path& path);

/// Pictures of a data set, and what they show.
struct LabelledImages {
  Tensor images;  ///< [n, h, w] or [n, h, w, c] uint8
  Tensor labels;  ///< [n] int32
};

/// Reads "train" or "t10k" (or "test") images and labels in MNIST's file names from a folder: with '-'
/// or '.' before idx, plain or .gz, any number of dimensions. Throws FileError, naming every absolute
/// path tried, where there is none, and where the two counts differ.
LabelledImages read_labelled_images(const std::filesystem::path& folder, std::string_view split);

/// Reads a PNG or JPEG file (any bits and colours but CMYK, interlaced or progressive) into a tensor on
/// Device::cpu, uint8 [h, w, channels], with 1 channel (grey) or 3 (red, green, blue). What is transparent is laid
/// over white. The file's structure and size are checked before anything is decoded: at most 16,384 pixels a side,
/// 64 Mi in all and 512 MiB of file. An orientation in the metadata of a photo is not applied. Throws FileError for
/// anything that is no whole picture, ShapeError for other numbers of channels.
Tensor read_picture(const std::filesystem::path& path, int channels);

/// Pictures of bytes on Device::cpu, [n, h, w] or [n, h, w, c] uint8, brought to size.h x size.w pixels by
/// resize_area and rounded to bytes again. Pictures of that size are returned as they are.
Tensor resize_pictures(const Tensor& pictures, Size2d size);

/// The pictures of a folder: images [n, size.h, size.w, channels], labels that are places in `names`.
struct PictureClasses {
  std::vector<std::string> names;  ///< of the classes
  LabelledImages train;            ///< to learn from
  LabelledImages test;             ///< to test with
};

/// Reads a folder with one sub-folder of PNG or JPEG pictures for each class, which has the class's name. Hidden
/// files, and files beside the sub-folders, are passed over. Pictures of another size are resized by
/// resize_pictures, whatever their proportions. By the order of their names, every fifth picture of a class is for
/// testing, from the second on; both parts take the classes in turn. Throws FileError for fewer than 2 classes or 2
/// pictures of one, and for a file in a class that is no picture.
PictureClasses read_picture_folder(const std::filesystem::path& folder, Size2d size,
                                   int channels = 3);

/// Writes tensors (any device; waits) in the safetensors format, whole or not at all: to a temporary
/// name in the same folder, synced, then renamed. Throws FileError.
void save_safetensors(const std::filesystem::path& path, const nn::NamedTensors& tensors,
                      const std::map<std::string, std::string>& metadata = {});

/// Reads a safetensors file to Device::cpu, in the file's order. Throws FileError for anything that is
/// not a sound file: every offset is checked before anything is allocated.
nn::NamedTensors load_safetensors(const std::filesystem::path& path);

/// The metadata alone, which say what a file is for; empty where it has none. Throws FileError as load_safetensors
/// does, but looks at the header only.
std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path);

/// Writes a whole file or nothing: temporary name, sync, rename. Creates missing folders.
void write_file(const std::filesystem::path& path, std::string_view content);

/// @}
}  // namespace weft
