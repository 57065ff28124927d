// What the WebAssembly module shows to TypeScript. One module is one device: all its threads share this memory, and
// with it the one crew. Memory: data | stacks | scratch | programs and regions.
#include <stddef.h>

#include "runtime.h"

#define EXPORT(name) __attribute__((export_name(name)))

extern "C" char __heap_base;

namespace UNROLLED {

namespace {

Crew crew;
unsigned char words[256];

constexpr size_t pageBytes = 65536;
constexpr size_t stackBytes = 256 * 1024;
// Rounds of reading one word: about 10 microseconds. There is no yielding here.
constexpr Patience patient{5000, 0}, impatient{100, 0};

constexpr size_t align(size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

size_t stacks() {
  return align(reinterpret_cast<size_t>(&__heap_base));
}

/** Makes memory reach to `end`; false where it cannot grow so far. */
bool reach(size_t end) {
  const size_t pages = (end + pageBytes - 1) / pageBytes;
  const size_t have = __builtin_wasm_memory_size(0);
  return pages <= have || __builtin_wasm_memory_grow(0, pages - have) != static_cast<size_t>(-1);
}

}  // namespace

/** Address of the first byte for regions, or 0 without memory for so many threads. `spinning`: 0 where threads outnumber cores. */
EXPORT("open") uint32_t openCrew(int threads, int spinning, int callerMaySleep) {
  const size_t scratch = stacks() + (threads - 1) * stackBytes;
  const size_t base = scratch + threads * scratchWords * sizeof(float) + sharedWords * sizeof(float);
  if (threads < 1 || threads > maxThreads || !reach(base + pageBytes)) return 0;
  float* words = reinterpret_cast<float*>(scratch);
  for (int rank = 0; rank < threads; rank++) {
    crew.teams[rank].scratch = words + rank * scratchWords;
    crew.teams[rank].shared = words + threads * scratchWords;
  }
  open(&crew, reinterpret_cast<float*>(base), threads, spinning ? patient : impatient, callerMaySleep);
  return static_cast<uint32_t>(base);
}

/** Where the stack of a thread of rank 1 and up begins (it grows downwards). */
EXPORT("stackTop") uint32_t stackTop(int rank) {
  return static_cast<uint32_t>(stacks() + rank * stackBytes);
}

EXPORT("work") void workAs(int rank) {
  work(&crew, rank);
}

/** 1, or 0 where a thread died. */
EXPORT("run") int runProgram(uint32_t code, uint32_t steps, uint32_t times, int alone) {
  return run(&crew, Program{reinterpret_cast<const double*>(code), static_cast<int64_t>(steps)}, times, alone);
}

EXPORT("abandon") void abandonCrew() {
  abandon(&crew);
}

/** Where a dying thread leaves its last words, their length first. */
EXPORT("lastWords") uint32_t lastWords() {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(words));
}

EXPORT("clear") void clear(uint32_t address, uint32_t bytes) {
  __builtin_memset(reinterpret_cast<void*>(address), 0, bytes);
}

EXPORT("multiplyBare") double multiplyBareLoop(double turns) {
  return multiplyBare(static_cast<int64_t>(turns));
}

EXPORT("finish") void finishCrew() {
  finish(&crew);
}

}  // namespace UNROLLED
