// Runs programs on a crew of threads. A program is a list of steps `[kernel, flags, count, ...count numbers]`, checked
// before it came here. Every thread executes every step and computes its share.
#pragma once

#include <stdint.h>

#include "build.h"
#include "team.h"
#include "wait.h"

namespace UNROLLED {

/** Flags of a step. */
constexpr uint32_t soloStep = 1;  // so little work that rank 0 does it alone
constexpr uint32_t meetStep = 2;  // all threads wait for each other after it
constexpr uint32_t halfStep = 4;  // products in bfloat16
constexpr uint32_t rowsStep = 8;  // threads split the rows (M of multiply, d2 of map and copy): the same in neighbouring steps
constexpr uint32_t lowerStep = 16;  // of a product: the lower half of the threads computes it, where their number is even
constexpr uint32_t upperStep = 32;  // likewise the upper half

constexpr int maxThreads = 128;

/** Steps in memory of the caller, which outlives the run. */
struct Program {
  const double* code = nullptr;
  int64_t steps = 0;
};

/** The threads of one device. Rank 0 is whoever calls `run`; the others live in `work`. */
struct Crew {
  Signal job;      // moves on when there is a program to run, or the end
  Signal meeting;  // moves on when all have arrived
  Failure failure;
  alignas(64) uint32_t arrived = 0;
  alignas(64) float* base = nullptr;
  Program program;
  int64_t times = 0;
  bool closing = false;
  int size = 1;
  Patience patience{};
  /** False where the calling thread must not sleep (the main thread of a browser). */
  bool callerMaySleep = true;
  Team teams[maxThreads];
};

/** Sets the crew up; scratch memory (teams[i].scratch, shared) is given by the caller before. */
void open(Crew* crew, float* base, int size, Patience patience, bool callerMaySleep);

/** The life of a thread of rank 1 and up: runs what comes until `finish`. */
void work(Crew* crew, int rank);

/**
 * Runs the program `times` times and returns when all is done: true, or false where a thread died and what was computed
 * is worthless. `alone`: on the calling thread only.
 */
bool run(Crew* crew, Program program, int64_t times, bool alone);

/** Says that a thread has died: lets go all who wait for it. The crew is of no use afterwards. */
void abandon(Crew* crew);

/** Lets `work` return in every thread. */
void finish(Crew* crew);

/** Whether this build and this processor can run steps with `halfStep`. */
bool multipliesHalf();

/** Runs the bare multiply loop on the calling thread: what no kernel can beat. Returns its floating-point operations. */
double multiplyBare(int64_t turns);

}  // namespace UNROLLED
