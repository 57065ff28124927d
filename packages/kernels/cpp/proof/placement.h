// Where the slots of a recorded program are put: each on the heap by itself (for the sanitizers), or against a page that
// may not be touched: its last word just before the page (end) or its first word just after one (begin).
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

enum class Place { heap, end, begin };

/** Pages that can be written between two that cannot be touched. */
class GuardedPages {
 public:
  /** A span of `bytes` against one of the two guards. Contents are what the last user left. */
  char* place(size_t bytes, Place at) {
    if (bytes > room) grow(bytes);
    return at == Place::end ? block + page + room - bytes : block + page;
  }
  /** The addresses of both guards, for messages. */
  bool guards(const void* address) const {
    const char* at = static_cast<const char*>(address);
    return block != nullptr && at >= block && at < block + room + 2 * page;
  }

 private:
  char* block = nullptr;
  size_t room = 0;
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));

  void grow(size_t bytes) {
    if (block != nullptr) munmap(block, room + 2 * page);
    room = (bytes * 3 / 2 + page - 1) / page * page;
    void* made = mmap(nullptr, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (made == MAP_FAILED || mprotect(static_cast<char*>(made) + page, room, PROT_READ | PROT_WRITE) != 0) {
      std::fputs("replay: no memory for guarded pages\n", stderr);
      std::_Exit(2);
    }
    block = static_cast<char*>(made);
  }
};

/** The places of one program's slots. */
class Slots {
 public:
  /** Addresses for spans of so many words, in order. */
  const std::vector<uint32_t*>& place(const std::vector<int64_t>& words, Place at) {
    release();
    if (at != Place::heap && pages.size() < words.size()) pages.resize(words.size());
    for (size_t i = 0; i < words.size(); i++) {
      const size_t bytes = static_cast<size_t>(words[i]) * 4;
      addresses.push_back(reinterpret_cast<uint32_t*>(at == Place::heap ? take(bytes) : pages[i].place(bytes, at)));
    }
    return addresses;
  }
  /** The slot whose guards hold the address, or -1. */
  int find(const void* address) const {
    for (size_t i = 0; i < pages.size() && i < addresses.size(); i++)
      if (pages[i].guards(address)) return static_cast<int>(i);
    return -1;
  }
  ~Slots() { release(); }

 private:
  std::vector<GuardedPages> pages;
  std::vector<uint32_t*> addresses;
  std::vector<void*> heap;

  char* take(size_t bytes) {
    void* made = nullptr;
    if (posix_memalign(&made, 64, bytes) != 0) std::abort();
    heap.push_back(made);
    return static_cast<char*>(made);
  }
  void release() {
    for (void* block : heap) std::free(block);
    heap.clear();
    addresses.clear();
  }
};
