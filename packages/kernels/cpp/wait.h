// How a thread waits for a word of memory to change: a short spin, then sleep in the kernel (Linux futex, atomic wait of
// WebAssembly or of C++20).
#pragma once

#include <stdint.h>

#include "build.h"

#if defined(__wasm__)
#elif defined(__linux__)
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#include <atomic>
#include <thread>
#endif

namespace UNROLLED {

/** A counter that threads wait on, alone on its cache line. */
struct alignas(64) Signal {
  uint32_t value = 0;
  uint32_t sleepers = 0;
};

inline void pauseCore() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

#if defined(__wasm__) && !defined(__wasm_atomics__)
inline void sleepWhile(Signal*, uint32_t) {}
inline void wakeAll(Signal*) {}
#elif defined(__wasm__)
inline void sleepWhile(Signal* signal, uint32_t seen) {
  __builtin_wasm_memory_atomic_wait32(reinterpret_cast<int*>(&signal->value), static_cast<int>(seen), -1);
}
inline void wakeAll(Signal* signal) {
  __builtin_wasm_memory_atomic_notify(reinterpret_cast<int*>(&signal->value), 0x7fffffff);
}
#elif defined(__linux__)
inline void sleepWhile(Signal* signal, uint32_t seen) {
  syscall(SYS_futex, &signal->value, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
}
inline void wakeAll(Signal* signal) {
  syscall(SYS_futex, &signal->value, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}
#else
inline void sleepWhile(Signal* signal, uint32_t seen) {
  std::atomic_ref<uint32_t>(signal->value).wait(seen);
}
inline void wakeAll(Signal* signal) {
  std::atomic_ref<uint32_t>(signal->value).notify_all();
}
#endif

/** Lets another thread have this core: the one waited for may be queued behind. */
inline void yieldCore() {
#if defined(__wasm__)
#elif defined(__linux__)
  sched_yield();
#else
  std::this_thread::yield();
#endif
}

inline uint32_t read(const Signal* signal) {
  return __atomic_load_n(&signal->value, __ATOMIC_ACQUIRE);
}

/** Set once a thread has died in its work: from then on nobody waits for anybody. */
struct alignas(64) Failure {
  uint32_t value = 0;
};

inline bool hasFailed(const Failure* failure) {
  return __atomic_load_n(&failure->value, __ATOMIC_ACQUIRE) != 0;
}

/** How long a thread waits awake: rounds with the core to itself, then rounds that offer it to others. */
struct Patience {
  int64_t spins;
  int64_t yields;
};

/**
 * Returns once the signal is no longer `seen`, or after a failure: awake for its patience (for ever where it may not
 * sleep), then asleep.
 */
inline void await(Signal* signal, uint32_t seen, Patience patience, bool maySleep, const Failure* failure) {
  for (int64_t i = 0; i < patience.spins || !maySleep; i++) {
    if (read(signal) != seen || (!maySleep && hasFailed(failure))) return;
    pauseCore();
  }
  for (int64_t i = 0; i < patience.yields; i++) {
    if (read(signal) != seen) return;
    yieldCore();
  }
  __atomic_fetch_add(&signal->sleepers, 1, __ATOMIC_SEQ_CST);
  while (read(signal) == seen && !hasFailed(failure)) sleepWhile(signal, seen);
  __atomic_fetch_sub(&signal->sleepers, 1, __ATOMIC_SEQ_CST);
}

/** Moves the signal on and wakes who sleeps on it. Sequentially consistent with the count of sleepers: no wake is lost. */
inline void advance(Signal* signal) {
  __atomic_fetch_add(&signal->value, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&signal->sleepers, __ATOMIC_SEQ_CST) > 0) wakeAll(signal);
}

}  // namespace UNROLLED
