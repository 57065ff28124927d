// What a kernel knows about the threads that run it. All threads of a team call the same kernel with the same
// arguments (SPMD) and each computes its share; the runtime puts a barrier after every kernel call, so a kernel needs
// barriers only in its inside.
#pragma once

#include <stdint.h>

/** Words of scratch memory each thread owns. 1 MiB. */
constexpr int64_t scratchWords = 1 << 18;

/** Words of the area that all threads of a team share, for partial sums that every thread adds in one order. */
constexpr int64_t sharedWords = 4096;

struct Team {
  int rank = 0;              // this thread, 0 <= rank < size
  int size = 1;              // threads in the team
  float* scratch = nullptr;  // [scratchWords], this thread's own, 64-byte aligned, contents undefined
  bool half = false;         // products in bfloat16, where this build can
  bool rows = false;         // threads split the rows of this call evenly, as in the calls around it
  float* shared = nullptr;   // [sharedWords], the team's, 64-byte aligned, contents undefined
  void (*wait)(void*) = nullptr;
  void* context = nullptr;  // the argument of `wait`

  /** Returns once every thread of the team has called it. Always inlined: builds for several CPUs share this type. */
  __attribute__((always_inline)) inline void barrier() const {
    if (size > 1) wait(context);
  }
};
