// Windows of R×S taps on images of H×W pixels: tap (r, s) of window (p, q) looks at
//
//     (h, w) = (stride·p + dilation·r - padding, likewise for columns)          outside of the image there is padding
#pragma once

struct Axis {
  int size, out, taps, stride, padding, dilation;  // H, P, R
  // The pixel that the first tap of a window looks at.
  __device__ int start(int window) const { return window * stride - padding; }
  // The first tap of a window that is in the image, and the one behind the last.
  __device__ int first_tap(int start) const { return start < 0 ? (-start + dilation - 1) / dilation : 0; }
  __device__ int end_tap(int start) const { return start < size ? min(taps, (size - 1 - start) / dilation + 1) : 0; }
  // The first window that may see a pixel, and the one behind the last: those whose reach covers it.
  __device__ int first_window(int pixel) const {
    const int reach = dilation * (taps - 1), behind = pixel + padding - reach;
    return behind > 0 ? (behind + stride - 1) / stride : 0;
  }
  __device__ int end_window(int pixel) const { return min(out, (pixel + padding) / stride + 1); }
};
