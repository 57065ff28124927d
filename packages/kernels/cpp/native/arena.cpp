// Reserved memory: mmap where there is one, one zeroed allocation elsewhere.
#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__unix__) || defined(__APPLE__)
#define UNROLLED_MMAP 1
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace UNROLLED {

struct Arena {
  char* base;
  char* block;  // what the system gave: base is 64-byte aligned inside it
  size_t bytes;
  int references;
};

Arena* reserveArena(size_t bytes) {
#ifdef UNROLLED_MMAP
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif
  void* block = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (block == MAP_FAILED) return nullptr;
#else
  void* block = calloc(bytes + 64, 1);
  if (block == nullptr) return nullptr;
#endif
  Arena* arena = static_cast<Arena*>(malloc(sizeof(Arena)));
  const uintptr_t aligned = (reinterpret_cast<uintptr_t>(block) + 63) / 64 * 64;
  *arena = Arena{reinterpret_cast<char*>(aligned), static_cast<char*>(block), bytes, 1};
  return arena;
}

char* arenaBase(const Arena* arena) {
  return arena->base;
}

size_t arenaBytes(const Arena* arena) {
  return arena->bytes;
}

void retain(Arena* arena) {
  __atomic_add_fetch(&arena->references, 1, __ATOMIC_ACQ_REL);
}

void release(Arena* arena) {
  if (__atomic_sub_fetch(&arena->references, 1, __ATOMIC_ACQ_REL) > 0) return;
#ifdef UNROLLED_MMAP
  munmap(arena->block, arena->bytes);
#else
  free(arena->block);
#endif
  free(arena);
}

void clear(Arena* arena, size_t offset, size_t bytes) {
  char* from = arena->base + offset;
  char* to = from + bytes;
#if defined(UNROLLED_MMAP) && defined(__linux__)
  constexpr size_t large = 1 << 18;
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  char* first = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(from) + page - 1) / page * page);
  char* last = reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(to) / page * page);
  if (bytes >= large && madvise(first, static_cast<size_t>(last - first), MADV_DONTNEED) == 0) {
    memset(from, 0, static_cast<size_t>(first - from));
    memset(last, 0, static_cast<size_t>(to - last));
    return;
  }
#endif
  memset(from, 0, bytes);
}

void discard(Arena* arena) {
#ifdef UNROLLED_MMAP
  madvise(arena->block, arena->bytes, MADV_DONTNEED);
#endif
}

}  // namespace UNROLLED
