// Runs recorded programs through the runtime, with every buffer where a touch outside it is noticed: by a sanitizer on the
// heap, or by an inaccessible page. Results must have the same bits on any number of threads, and be those recorded.
// Usage: replay FILE heap|end|begin THREADS[,THREADS...]. Exit code 0 all right, 1 wrong results, 3 a touch outside.
// g++ -std=c++20 -O1 -g -ffp-contract=fast -fno-math-errno -DW=4 -pthread -I.. ../runtime.cpp replay.cpp -o replay
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <thread>

#include "../runtime.h"
#include "../table.h"
#include "placement.h"
#include "recording.h"

using namespace UNROLLED;

namespace {

/** What runs just now, for the words of a dying process. */
struct Now {
  const Recorded* program = nullptr;
  int threads = 0;
  const Slots* slots = nullptr;
} now;

void sayNow() {
  if (now.program == nullptr) return;
  std::fprintf(stderr, "replay: died in %s, threads %d\n", now.program->name.c_str(), now.threads);
}

void onFault(int, siginfo_t* info, void*) {
  const int slot = now.slots == nullptr ? -1 : now.slots->find(info->si_addr);
  sayNow();
  if (slot >= 0) {
    const Slot& one = now.program->slots[slot];
    std::fprintf(stderr, "replay: touched a guard page of slot %d (%lld words at %lld)\n", slot,
                 static_cast<long long>(one.words), static_cast<long long>(one.offset));
  } else {
    std::fprintf(stderr, "replay: touched %p, which is no guard page of its buffers\n", info->si_addr);
  }
  std::_Exit(3);
}

void watchFaults() {
  struct sigaction action = {};
  action.sa_sigaction = onFault;
  action.sa_flags = SA_SIGINFO;
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigaction(signal, &action, nullptr);
}

/** Word 0 of device memory: offsets become addresses counted from here. Not null, so that sums with it are defined. */
float* const origin = reinterpret_cast<float*>(uintptr_t{64});

/** The offset that makes the runtime see `address`. */
double offsetOf(const uint32_t* address) {
  return static_cast<double>((reinterpret_cast<intptr_t>(address) - 64) / 4);
}

/** The slot that holds a buffer argument; an empty buffer belongs to the slot that begins there. */
size_t slotOf(const Recorded& program, double offset, double words) {
  for (size_t i = 0; i < program.slots.size(); i++) {
    const Slot& slot = program.slots[i];
    if (offset >= slot.offset && offset + words <= slot.offset + slot.words && (words > 0) == (slot.words > 0)) return i;
  }
  std::fprintf(stderr, "replay: %s: a buffer lies in no slot\n", program.name.c_str());
  std::_Exit(2);
}

/** The steps with every buffer at its place. */
std::vector<double> relocate(const Recorded& program, const std::vector<uint32_t*>& places) {
  std::vector<double> code = program.code;
  for (size_t at = 0; at < code.size(); at += 3 + static_cast<size_t>(code[at + 2])) {
    double* numbers = code.data() + at + 3;
    for (const char* shape = kernelShapes[static_cast<int>(code[at])]; *shape == 'b' || *shape == 'n'; shape++) {
      if (*shape == 'b' && (numbers[0] != 0 || numbers[1] != 0)) {
        const size_t slot = slotOf(program, numbers[0], numbers[1]);
        numbers[0] = offsetOf(places[slot]) + (numbers[0] - static_cast<double>(program.slots[slot].offset));
      }
      numbers += *shape == 'b' ? 2 : 1;
    }
  }
  return code;
}

float floatOf(uint32_t bits) {
  float number;
  std::memcpy(&number, &bits, 4);
  return number;
}

/** The same bits; a NaN is a NaN, whichever of its operands gave it its sign. */
bool identical(uint32_t a, uint32_t b) { return a == b || (std::isnan(floatOf(a)) && std::isnan(floatOf(b))); }

/** Recorded by another build of the same source: multiply-adds may be fused otherwise. */
bool agree(uint32_t a, uint32_t b) {
  const float x = floatOf(a), y = floatOf(b);
  return identical(a, b) || std::fabs(x - y) <= 1e-3f * (1 + std::fabs(y));
}

/** A crew of threads with scratch memory between guard pages. */
class Threads {
 public:
  Threads(int size, Place at) : size(size), scratch(size + 1) {
    const Place where = at == Place::heap ? Place::end : at;
    for (int rank = 0; rank < size; rank++) {
      crew.teams[rank].scratch = reinterpret_cast<float*>(scratch[rank].place(scratchWords * 4, where));
      crew.teams[rank].shared = reinterpret_cast<float*>(scratch[size].place(sharedWords * 4, where));
    }
    open(&crew, origin, size, Patience{10, 10}, true);
    for (int rank = 1; rank < size; rank++) others.emplace_back(work, &crew, rank);
  }
  ~Threads() {
    finish(&crew);
    for (std::thread& thread : others) thread.join();
  }
  void replay(const std::vector<double>& code, int64_t steps) { run(&crew, Program{code.data(), steps}, 1, false); }
  const int size;

 private:
  Crew crew;
  std::vector<GuardedPages> scratch;
  std::vector<std::thread> others;
};

using Words = std::vector<std::vector<uint32_t>>;

Words runOnce(const Recorded& program, Threads& team, Slots& slots, Place at) {
  std::vector<int64_t> sizes;
  for (const Slot& slot : program.slots) sizes.push_back(slot.words);
  const std::vector<uint32_t*>& places = slots.place(sizes, at);
  for (size_t i = 0; i < places.size(); i++) fillSlot(program.slots[i], places[i]);
  now = {&program, team.size, &slots};
  team.replay(relocate(program, places), program.steps);
  now = {};
  Words result;
  for (size_t i = 0; i < places.size(); i++) result.emplace_back(places[i], places[i] + sizes[i]);
  return result;
}

/** Complains about the first word that is not what it must be. */
template <typename Same>
bool compare(const Recorded& program, size_t slot, const std::vector<uint32_t>& is, const std::vector<uint32_t>& must,
             const char* what, int threads, Same same) {
  for (size_t i = 0; i < must.size(); i++) {
    if (same(is[i], must[i])) continue;
    std::printf("WRONG %s: slot %zu, word %zu is %08x, %s %08x, threads %d\n", program.name.c_str(), slot, i, is[i], what,
                must[i], threads);
    return false;
  }
  return true;
}

bool check(const Recorded& program, std::vector<Threads*>& teams, Slots& slots, Place at) {
  const Words first = runOnce(program, *teams[0], slots, at);
  bool right = true;
  for (size_t i = 0; i < first.size(); i++)
    right &= compare(program, i, first[i], program.slots[i].after, "recorded", teams[0]->size, agree);
  for (size_t t = 1; t < teams.size(); t++) {
    const Words other = runOnce(program, *teams[t], slots, at);
    for (size_t i = 0; i < first.size(); i++)
      right &= compare(program, i, other[i], first[i], "on fewer threads", teams[t]->size, identical);
  }
  return right;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
extern "C" void __sanitizer_set_death_callback(void (*)());
#endif

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return std::puts("usage: replay FILE heap|end|begin THREADS[,THREADS...]"), 2;
  const std::map<std::string, Place> names = {{"heap", Place::heap}, {"end", Place::end}, {"begin", Place::begin}};
  const auto at = names.find(argv[2]);
  Reader reader(argv[1]);
  if (at == names.end() || !reader.isOpen()) return std::puts("replay: no such file or place"), 2;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  __sanitizer_set_death_callback(sayNow);
#endif
  if (at->second != Place::heap) watchFaults();
  std::vector<Threads*> teams;
  for (const char* next = argv[3]; next != nullptr; next = std::strchr(next, ',') ? std::strchr(next, ',') + 1 : nullptr)
    teams.push_back(new Threads(std::clamp(std::atoi(next), 1, maxThreads), at->second));
  Slots slots;
  Recorded program;
  int64_t programs = 0, wrong = 0;
  while (reader.next(&program)) {
    programs++;
    if (!check(program, teams, slots, at->second)) wrong++;
  }
  for (Threads* team : teams) delete team;
  std::printf("{\"programs\": %lld, \"runs\": %lld, \"wrong\": %lld}\n", static_cast<long long>(programs),
              static_cast<long long>(programs * static_cast<int64_t>(teams.size())), static_cast<long long>(wrong));
  return wrong == 0 ? 0 : 1;
}
