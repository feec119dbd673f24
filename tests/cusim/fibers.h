// Fibers: a stack each, and a switch between two of them that takes a few instructions.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#if !defined(__x86_64__) && !defined(__aarch64__)
#include <ucontext.h>
#endif
#ifdef CUSIM_TSAN
#include <sanitizer/tsan_interface.h>
#include <sys/syscall.h>
#endif

namespace cusim {

struct Fiber {
  void* stack_pointer = nullptr;  // while it does not run
  char* stack = nullptr;
#if !defined(__x86_64__) && !defined(__aarch64__)
  ucontext_t context;
#endif
  void* tsan = nullptr;
};

constexpr size_t STACK_BYTES = 128 * 1024;

// Memory at addresses that nobody has used yet. ThreadSanitizer is not told: it need not mark what has no past.
inline char* fresh_memory(size_t bytes) {
  const int kind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
#ifdef CUSIM_TSAN
  const long address = syscall(SYS_mmap, nullptr, bytes, PROT_READ | PROT_WRITE, kind, -1, 0);
  void* memory = reinterpret_cast<void*>(address);
#else
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, kind, -1, 0);
#endif
  if (memory == MAP_FAILED) abort();
  return static_cast<char*>(memory);
}

// A page that nobody may touch lies below each stack: a stack that overflows is caught there.
inline char* new_stack(char* old) {
#ifdef CUSIM_TSAN  // what an earlier fiber did on the same stack would seem to race with the next one
  (void)old;
#else
  if (old) return old;
#endif
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  char* memory = fresh_memory(page + STACK_BYTES);
  if (mprotect(memory, page, PROT_NONE)) abort();
  return memory + page;
}

// Gives a stack and the page below it back. A process may have some 65,000 pieces of memory, and every loaded kernel has
// fibers of its own.
inline void give_back(Fiber& fiber) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  if (fiber.stack) munmap(fiber.stack - page, page + STACK_BYTES);
  fiber.stack = nullptr;
}

// Saves the registers that a call must keep on the stack, changes stacks, and loads them again. The symbol is local to
// this file.
extern "C" void cusim_switch(void** saved_stack_pointer, void* stack_pointer) __asm__("cusim_switch");
#if defined(__x86_64__)
constexpr size_t FRAME_WORDS = 8, RETURN_WORD = 6;  // six registers, where to return, and where that returns: nowhere
__asm__(
    ".text\n"
    "cusim_switch:\n"
    "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
    "  mov %rsp, (%rdi)\n"
    "  mov %rsi, %rsp\n"
    "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n  pop %rbp\n"
    "  ret\n");
#elif defined(__aarch64__)
constexpr size_t FRAME_WORDS = 20, RETURN_WORD = 11;  // x19 to x30, d8 to d15; x30 is where to return
__asm__(
    ".text\n"
    "cusim_switch:\n"
    "  sub sp, sp, #160\n"
    "  stp x19, x20, [sp, #0]\n   stp x21, x22, [sp, #16]\n  stp x23, x24, [sp, #32]\n   stp x25, x26, [sp, #48]\n"
    "  stp x27, x28, [sp, #64]\n  stp x29, x30, [sp, #80]\n  stp d8, d9, [sp, #96]\n     stp d10, d11, [sp, #112]\n"
    "  stp d12, d13, [sp, #128]\n stp d14, d15, [sp, #144]\n"
    "  mov x9, sp\n  str x9, [x0]\n"
    "  mov sp, x1\n"
    "  ldp x19, x20, [sp, #0]\n   ldp x21, x22, [sp, #16]\n  ldp x23, x24, [sp, #32]\n   ldp x25, x26, [sp, #48]\n"
    "  ldp x27, x28, [sp, #64]\n  ldp x29, x30, [sp, #80]\n  ldp d8, d9, [sp, #96]\n     ldp d10, d11, [sp, #112]\n"
    "  ldp d12, d13, [sp, #128]\n ldp d14, d15, [sp, #144]\n"
    "  add sp, sp, #160\n"
    "  ret\n");
#endif

#ifdef CUSIM_TSAN
// ThreadSanitizer knows a thread that has ended only while its fiber is there: then a report has its line, and what it
// did is not taken for the work of the next one, which would get its number. So two of the largest blocks are kept.
constexpr unsigned KEPT = 2048;

inline void retire(void* fiber) {
  static void* kept[KEPT];
  static unsigned oldest = 0;
  if (kept[oldest]) __tsan_destroy_fiber(kept[oldest]);
  kept[oldest] = fiber;
  oldest = (oldest + 1) % KEPT;
}
#endif

// Makes a fiber that calls `entry` when it is switched to. `colour` moves its stack by some cache lines: fibers whose
// stacks start at the same place of a page would push each other out of the cache.
inline void prepare(Fiber& fiber, void (*entry)(), unsigned colour) {
  fiber.stack = new_stack(fiber.stack);
#if defined(__x86_64__) || defined(__aarch64__)
  void** frame = reinterpret_cast<void**>(fiber.stack + STACK_BYTES - 192 * (colour % 32)) - FRAME_WORDS;
  memset(frame, 0, FRAME_WORDS * sizeof(void*));
  frame[RETURN_WORD] = reinterpret_cast<void*>(entry);
  fiber.stack_pointer = frame;
#else
  (void)colour;
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack;
  fiber.context.uc_stack.ss_size = STACK_BYTES;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, entry, 0);
#endif
#ifdef CUSIM_TSAN
  if (fiber.tsan) retire(fiber.tsan);
  fiber.tsan = __tsan_create_fiber(0);
#endif
}

inline void switch_fibers(Fiber& from, Fiber& to) {
#ifdef CUSIM_TSAN  // a switch orders nothing: only barriers do
  __tsan_switch_to_fiber(to.tsan, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(__x86_64__) || defined(__aarch64__)
  cusim_switch(&from.stack_pointer, to.stack_pointer);
#else
  swapcontext(&from.context, &to.context);
#endif
}

}  // namespace cusim
