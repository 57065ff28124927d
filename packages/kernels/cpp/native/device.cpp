// Threads, program store and the last check before numbers become addresses.
#include "device.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chrono>
#include <new>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <vector>

#include "table.h"

namespace UNROLLED {

struct NativeDevice {
  Crew crew;
  Arena* arena = nullptr;
  Arena* scratch = nullptr;
  std::vector<std::thread> threads;
  std::unordered_map<int64_t, double*> programs;  // [number of steps, steps...]
  int64_t nextHandle = 0;                         // never used twice: an unloaded handle stays unknown
};

namespace {

constexpr double spinMicroseconds = 1;
constexpr double yieldMicroseconds = 50;
constexpr Patience impatient{10, 10};  // where threads outnumber cores

/** Rounds that take the time a thread shall wait awake on this machine. */
Patience measurePatience() {
  constexpr int rounds = 100;
  Signal signal;
  const auto time = [&](void (*pass)()) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds && read(&signal) == 0; i++) pass();
    const double taken = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
    return taken > 0.1 ? taken / rounds : 0.1 / rounds;
  };
  const double pause = time(pauseCore), yield = time(yieldCore);
  return {static_cast<int64_t>(spinMicroseconds / pause) + 1, static_cast<int64_t>(yieldMicroseconds / yield) + 1};
}

bool isWhole(double number, double most) {
  return number >= 0 && number <= most && number == floor(number);
}

struct Refusal {
  char* text;
  size_t bytes;

  bool say(size_t step, const char* what, double was) const {
    snprintf(text, bytes, "step %zu: %s, was %.17g", step, what, was);
    return false;
  }
};

/** Every buffer of one step inside memory. `shape` has one letter per argument: b buffer, n number, + more numbers. */
bool checkStep(const char* shape, const double* numbers, size_t count, size_t words, size_t step, const Refusal& no) {
  size_t at = 0;
  for (; *shape != '\0' && *shape != '+'; shape++) {
    const size_t width = *shape == 'b' ? 2 : 1;
    if (at + width > count) return no.say(step, "too few numbers", static_cast<double>(count));
    if (*shape == 'b') {
      const double most = static_cast<double>(words);
      if (!isWhole(numbers[at], most)) return no.say(step, "an offset must lie in memory", numbers[at]);
      if (!isWhole(numbers[at + 1], most - numbers[at])) {
        return no.say(step, "a buffer must end in memory", numbers[at] + numbers[at + 1]);
      }
    }
    at += width;
  }
  if (at < count && *shape != '+') return no.say(step, "too many numbers", static_cast<double>(count));
  return true;
}

/** The number of steps, or -1 where the code is not a program. */
int64_t checkCode(const double* code, size_t numbers, size_t words, const Refusal& no) {
  const uint32_t always = soloStep | meetStep | rowsStep | (multipliesHalf() ? halfStep : 0);
  size_t at = 0;
  size_t steps = 0;
  for (; at < numbers; steps++) {
    if (numbers - at < 3) return no.say(steps, "a step must have a head of three numbers", 0), -1;
    const double kernel = code[at], flags = code[at + 1], count = code[at + 2];
    if (!isWhole(kernel, kernelCount - 1)) return no.say(steps, "no such kernel", kernel), -1;
    const bool isProduct = kernel == static_cast<double>(Kernel::gemm_);
    const uint32_t known = always | (isProduct ? lowerStep | upperStep : 0);
    if (!isWhole(flags, 255) || static_cast<uint32_t>(flags) & ~known) return no.say(steps, "no such flags", flags), -1;
    if (!isWhole(count, static_cast<double>(numbers - at - 3))) return no.say(steps, "too many numbers", count), -1;
    const size_t width = static_cast<size_t>(count);
    if (!checkStep(kernelShapes[static_cast<int>(kernel)], code + at + 3, width, words, steps, no)) return -1;
    at += 3 + width;
    if (at == numbers && !(static_cast<uint32_t>(flags) & meetStep)) return no.say(steps, "the last step must meet", flags), -1;
  }
  return static_cast<int64_t>(steps);
}

/** Scratch memory of all threads; null where there is none. */
Arena* reserveScratch(Crew* crew, int threads) {
  Arena* arena = reserveArena((static_cast<size_t>(threads) * scratchWords + sharedWords) * sizeof(float));
  if (arena == nullptr) return nullptr;
  float* scratch = reinterpret_cast<float*>(arenaBase(arena));
  for (int rank = 0; rank < threads; rank++) {
    crew->teams[rank].scratch = scratch + rank * scratchWords;
    crew->teams[rank].shared = scratch + threads * scratchWords;
  }
  return arena;
}

}  // namespace

NativeDevice* openDevice(int threads, bool oversubscribed, size_t bytes, const char** error) {
  NativeDevice* device = new (std::nothrow) NativeDevice;
  if (device == nullptr || (device->scratch = reserveScratch(&device->crew, threads)) == nullptr) {
    *error = "no memory for the threads";
    delete device;
    return nullptr;
  }
  device->arena = reserveArena(bytes);
  if (device->arena == nullptr) {
    *error = "not so many addresses";
    release(device->scratch);
    delete device;
    return nullptr;
  }
  float* base = reinterpret_cast<float*>(arenaBase(device->arena));
  open(&device->crew, base, threads, oversubscribed ? impatient : measurePatience(), true);
  try {
    for (int rank = 1; rank < threads; rank++) device->threads.emplace_back(work, &device->crew, rank);
  } catch (const std::system_error&) {
    *error = "the system refuses so many threads";
    closeDevice(device);
    return nullptr;
  }
  return device;
}

void closeDevice(NativeDevice* device) {
  finish(&device->crew);
  for (std::thread& thread : device->threads) thread.join();
  for (const auto& entry : device->programs) free(entry.second);
  release(device->scratch);
  discard(device->arena);
  release(device->arena);
  delete device;
}

Arena* arenaOf(NativeDevice* device) {
  return device->arena;
}

int64_t loadProgram(NativeDevice* device, const double* code, size_t numbers, char* error, size_t errorBytes) {
  double* program = static_cast<double*>(malloc((numbers + 1) * sizeof(double)));
  if (program == nullptr) return snprintf(error, errorBytes, "no memory for the program"), -1;
  // The copy is what is checked: the caller's array may be shared with another thread.
  memcpy(program + 1, code, numbers * sizeof(double));
  const size_t words = arenaBytes(device->arena) / sizeof(float);
  const int64_t steps = checkCode(program + 1, numbers, words, Refusal{error, errorBytes});
  if (steps < 0) return free(program), -1;
  program[0] = static_cast<double>(steps);
  device->programs.emplace(device->nextHandle, program);
  return device->nextHandle++;
}

bool unloadProgram(NativeDevice* device, int64_t handle) {
  const auto found = device->programs.find(handle);
  if (found == device->programs.end()) return false;
  free(found->second);
  device->programs.erase(found);
  return true;
}

bool runProgram(NativeDevice* device, int64_t handle, int64_t times, bool alone) {
  const auto found = device->programs.find(handle);
  if (found == device->programs.end()) return false;
  const double* program = found->second;
  run(&device->crew, Program{program + 1, static_cast<int64_t>(program[0])}, times, alone);
  return true;
}

}  // namespace UNROLLED
