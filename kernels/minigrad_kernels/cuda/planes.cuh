// Planes in pieces. The pixels l of image n and channel c are a plane, number n C + c: one stretch of memory, of 7×7
// pixels or of 512×512. A team of T threads takes a piece: a plane, or an equal part of it.
#pragma once
#include "rows.cuh"

struct Layout {
  int planes, channels, length;  // N C, C, pixels of a plane
  int pieces, each;              // pieces of a plane, and pixels of a piece; the last one has what is left
};

template <int T>
struct Piece {
  int lane, plane, channel, number, count;
  size_t start;
  bool real;
  __device__ explicit Piece(Layout a) {
    const Team<T> team;
    lane = team.lane;
    plane = team.index / a.pieces;
    number = team.index % a.pieces;
    channel = plane % a.channels;
    real = plane < a.planes;
    start = size_t(plane) * a.length + number * a.each;
    count = min(a.each, a.length - number * a.each);
  }
  // Where its share of a sum per channel goes, in a matrix with a column for each channel.
  __device__ size_t by_channel(Layout a) const {
    return (size_t(plane / a.channels) * a.pieces + number) * a.channels + channel;
  }
  // And of a sum per `group` of planes: a column for each group, a row for each piece in it.
  __device__ size_t by_group(Layout a, int group) const {
    return (size_t(plane % group) * a.pieces + number) * (a.planes / group) + plane / group;
  }
};
