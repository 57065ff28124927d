// Reserved memory: mmap where there is one, one zeroed allocation elsewhere.
#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__unix__) || defined(__APPLE__)
#define UNROLLED_MMAP 1
#include <sys/mman.h>
#endif

namespace UNROLLED {

struct Arena {
  char* base;   // aligned inside the block
  char* block;  // what the system gave
  size_t bytes, blockBytes;
  int references;
};

namespace {

/**
 * Linux gives memory in pages of this size where it is asked to and they are whole: weights of megabytes then need a few
 * entries of the table of pages that a core remembers, not thousands.
 */
constexpr size_t largePage = 1 << 21;

char* roundUp(char* address, size_t multiple) {
  return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(address) + multiple - 1) / multiple * multiple);
}

}  // namespace

Arena* reserveArena(size_t bytes) {
  const size_t blockBytes = bytes + largePage;
#ifdef UNROLLED_MMAP
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif
  void* block = mmap(nullptr, blockBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (block == MAP_FAILED) return nullptr;
#ifdef MADV_HUGEPAGE
  madvise(block, blockBytes, MADV_HUGEPAGE);  // where the system has none, small pages do
#endif
#else
  void* block = calloc(blockBytes, 1);
  if (block == nullptr) return nullptr;
#endif
  Arena* arena = static_cast<Arena*>(malloc(sizeof(Arena)));
  char* start = static_cast<char*>(block);
  *arena = Arena{roundUp(start, largePage), start, bytes, blockBytes, 1};
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
  munmap(arena->block, arena->blockBytes);
#else
  free(arena->block);
#endif
  free(arena);
}

void clear(Arena* arena, size_t offset, size_t bytes) {
  char* from = arena->base + offset;
  char* to = from + bytes;
#if defined(UNROLLED_MMAP) && defined(__linux__)
  // Whole large pages alone: one that is given back in part falls apart into small ones, and stays so.
  char* first = roundUp(from, largePage);
  char* last = arena->base + (offset + bytes) / largePage * largePage;
  if (first < last && madvise(first, static_cast<size_t>(last - first), MADV_DONTNEED) == 0) {
    memset(from, 0, static_cast<size_t>(first - from));
    memset(last, 0, static_cast<size_t>(to - last));
    return;
  }
#endif
  memset(from, 0, bytes);
}

void discard(Arena* arena) {
#ifdef UNROLLED_MMAP
  madvise(arena->block, arena->blockBytes, MADV_DONTNEED);
#endif
}

}  // namespace UNROLLED
