// Traps of the processor while a kernel runs become messages, and the thread that trapped is left where it is.
#pragma once
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <ucontext.h>

#include "threads.h"

namespace cusim {

static pthread_t launcher;

inline const char* meaning(int signal) {
  switch (signal) {
    case SIGFPE: return "integer division by zero";
    case SIGILL: case SIGTRAP:
      return "an index outside a declared array, a misaligned vector, a division by zero or a shift too far";
    case SIGVTALRM: return "the kernel does not end: a thread that waits for another one in a loop?";
    default: return "illegal memory access: outside of an argument, or a stack overflow";
  }
}

inline const void* instruction(const void* context) {
#if defined(__linux__) && defined(__x86_64__)
  return reinterpret_cast<const void*>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
#elif defined(__linux__) && defined(__aarch64__)
  return reinterpret_cast<const void*>(static_cast<const ucontext_t*>(context)->uc_mcontext.pc);
#else
  return context ? nullptr : nullptr;
#endif
}

static void on_signal(int signal, siginfo_t*, void* context) {
  if (signal == SIGVTALRM && !pthread_equal(pthread_self(), launcher)) {  // the timer may wake any thread
    pthread_kill(launcher, signal);
    return;
  }
  if (!current) {  // not a kernel's doing
    if (signal == SIGVTALRM) return report(nullptr, "%s", meaning(signal));
    ::signal(signal, SIG_DFL);
    raise(signal);
    return;
  }
  outcome->fault = instruction(context);
  report(current, "%s", meaning(signal));
  leave();
}

// Catches signals, on a stack of its own, from its construction to its end.
class Watch {
 public:
  explicit Watch(int seconds) {
    launcher = pthread_self();
    stack_t stack{};
    stack.ss_sp = signal_stack;
    stack.ss_size = sizeof signal_stack;
    sigaltstack(&stack, &old_stack);
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (int i = 0; i < COUNT; i++) sigaction(SIGNALS[i], &action, &old_actions[i]);
    itimerval timer{{0, 0}, {seconds, 0}};
    setitimer(ITIMER_VIRTUAL, &timer, &old_timer);
  }
  ~Watch() {
    setitimer(ITIMER_VIRTUAL, &old_timer, nullptr);
    for (int i = 0; i < COUNT; i++) sigaction(SIGNALS[i], &old_actions[i], nullptr);
    sigaltstack(&old_stack, nullptr);
  }
  Watch(const Watch&) = delete;

 private:
  static constexpr int SIGNALS[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGVTALRM}, COUNT = 6;
  struct sigaction old_actions[COUNT];
  stack_t old_stack;
  itimerval old_timer;
  alignas(16) inline static char signal_stack[64 * 1024];
};

// The GPU code that CuPy makes flushes subnormal numbers to zero; so does the processor while one of these lives.
class FlushSubnormals {
 public:
#if defined(__x86_64__)
  FlushSubnormals() : old(__builtin_ia32_stmxcsr()) { __builtin_ia32_ldmxcsr(old | 0x8040); }
  ~FlushSubnormals() { __builtin_ia32_ldmxcsr(old); }

 private:
  unsigned old;
#elif defined(__aarch64__)
  FlushSubnormals() {
    __asm__ volatile("mrs %0, fpcr" : "=r"(old));
    __asm__ volatile("msr fpcr, %0" : : "r"(old | 1ull << 24));
  }
  ~FlushSubnormals() { __asm__ volatile("msr fpcr, %0" : : "r"(old)); }

 private:
  unsigned long long old;
#endif
};

}  // namespace cusim
