// What a kernel's text is compiled against on the host: CUDA C as far as our kernels speak it.
// A thread runs alone until a barrier, a warp operation or its end; then the scheduler draws who runs next. A barrier
// that is missing shows as a wrong number, not as luck.
#pragma once
#include "language.h"
#include "machine.h"
#include "arithmetic.h"
#include "atomics.h"
#include "barriers.h"
#include "launch.h"
#include "shared.h"

// The compiler of the GPU knows none of these, so neither does a kernel here.
#undef INFINITY
#undef NAN
#undef HUGE_VALF
#undef M_PI
#undef RAND_MAX
#define std the_device_has_no_standard_library
#define uint the_device_has_no_uint
#define int32_t the_device_has_no_int32_t
#define int64_t the_device_has_no_int64_t
#define uint32_t the_device_has_no_uint32_t
#define uint64_t the_device_has_no_uint64_t
#define uintptr_t the_device_has_no_uintptr_t
