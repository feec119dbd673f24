// Where the windows of a convolution lie: what conv_plan.py writes down, and how kernels read it.
//
// Every face of a convolution is a sum of products over terms (channel, tap) or over spots:
//
//     result[row, spot] = Σ_term filter[row, term] · image[pixel(spot) + pixel(term)]         slide and paint
//     filter[row, term] = Σ_spot result[row, spot] · image[pixel(spot) + pixel(term)]         match
//
// where what lies outside the image is zero. A spot is a place in an image of results; spots are counted through all
// images. Where its window begins, and where its result goes, is affine in its coordinates: a start and a step per
// axis. What the terms add to that is a list, so there is one kernel for all sizes of filters and all dilations.
//
// A place is a pixel's coordinates packed into one word: a field per axis, with a guard bit on top that says "not
// negative". So a subtraction, a mask and a comparison check all axes at once, however many taps there are.
#pragma once

struct Divisor {  // n / d for n < 2³¹, as a product and a shift
  unsigned factor;
  int shift;
  __device__ int of(unsigned n) const { return int((unsigned long long)n * factor >> shift); }
};

struct Spot {
  int image, d, h, w;
};

struct Affine {
  int start, d, h, w;
  __device__ int at(Spot s) const { return start + d * s.d + h * s.h + w * s.w; }
};

struct Bounds {  // packed: the size of the image, and the guard bits
  unsigned sizes, guards;
  __device__ bool hold(unsigned place) const { return (place & ~(place - sizes) & guards) == guards; }
};

struct alignas(16) Term {
  int pixel;       // numbers from the first pixel of the window
  unsigned place;  // the same, packed
  int filter;      // numbers from the start of a row of filters; -1: none, it fills the list up to whole steps
  int unused;      // so that a term is one load of 16 bytes
};

// The results of one launch, or of one blockIdx.y of it. The same order of numbers as in conv_plan.py.
struct alignas(128) Part {
  int spots, grid_h, grid_w;  // results per channel of an image; how many lie along H and W
  int terms, first;           // terms of a sum; where their list begins, counted in terms
  Bounds bounds;
  Divisor per_image, per_plane, per_line;
  Affine pixel, place, target;
  int groups, rows, row;  // groups; rows of filters in each; numbers from a row to the next
  int filters, pixels;    // numbers in all filters of a group; in a group's channels of an image
  int plane;              // numbers in a channel of results
  int apart;              // where 32 terms in a row are one tap in 32 channels: from a channel to the next; else 0

  __device__ Spot split(unsigned column) const {
    const int image = per_image.of(column), spot = column - unsigned(image) * spots;
    const int d = per_plane.of(spot), line = per_line.of(spot);
    return {image, d, line - d * grid_h, spot - line * grid_w};
  }
  // The first number of a group's channels in an image of results, and of `slide`, that of a spot in its first channel.
  __device__ unsigned group_of(int image, int group) const { return unsigned(image * groups + group) * (rows * plane); }
  __device__ unsigned output(unsigned column, int group) const {
    const int image = per_image.of(column);
    return group_of(image, group) + column - unsigned(image) * spots;
  }
};

__device__ __forceinline__ const Part& part_of(const int* plan, int part) {
  return reinterpret_cast<const Part*>(plan)[part];
}

__device__ __forceinline__ const Term* terms_of(const int* plan, const Part& part) {
  return reinterpret_cast<const Term*>(plan) + part.first;
}

// The window of a spot: where it begins, counted in numbers of all images, and as a place.
struct Window {
  int first;
  unsigned place;

  __device__ Window(const Part& part, int group, unsigned column) {
    const Spot spot = part.split(column);
    first = (spot.image * part.groups + group) * part.pixels + part.pixel.at(spot);
    place = part.place.at(spot);
  }
};

// Which tile of which group a block computes. Blocks in a row differ in rows first: they see the same image.
struct Tile {
  int row, group;
  unsigned column;

  __device__ Tile(const Part& part, unsigned columns, int high, int wide) {
    const unsigned down = (part.rows + high - 1) / high, across = (columns + wide - 1) / wide;
    row = blockIdx.x % down * high;
    column = blockIdx.x / down % across * wide;
    group = blockIdx.x / down / across;
  }
};
