// A native device: arena, threads, loaded programs. Everything that comes in is checked here; a refusal is a message.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "runtime.h"

namespace UNROLLED {

struct NativeDevice;

/** Null, with `*error` set to a constant message, where threads or addresses cannot be had. */
NativeDevice* openDevice(int threads, bool oversubscribed, size_t bytes, const char** error);

/** Ends the threads and lets the arena go. */
void closeDevice(NativeDevice* device);

Arena* arenaOf(NativeDevice* device);

/** Checks steps `[kernel, flags, count, ...]` and keeps a copy. Returns the handle, or -1 with a message in `error`. */
int64_t loadProgram(NativeDevice* device, const double* code, size_t numbers, char* error, size_t errorBytes);

/** False where no such program is loaded. */
bool unloadProgram(NativeDevice* device, int64_t handle);
bool runProgram(NativeDevice* device, int64_t handle, int64_t times, bool alone);

}  // namespace UNROLLED
