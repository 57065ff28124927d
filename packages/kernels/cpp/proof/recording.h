// Reads recorded programs: steps, the spans of memory they use ("slots"), what lies in each before and after.
// Words are little-endian; the format is written by test/proofs/recording.mjs.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

/** How a slot is filled before a run. */
enum class Fill : uint32_t { words, floats, oddFloats, ids, nothing };

/** A span of the recorded memory that is placed as one. */
struct Slot {
  int64_t offset = 0;  // in words, as the steps name it
  int64_t words = 0;
  Fill fill = Fill::nothing;
  uint32_t seed = 0;
  std::vector<uint32_t> before;  // Fill::words only
  std::vector<uint32_t> after;   // empty where the recording does not say
};

struct Recorded {
  std::string name;
  int64_t steps = 0;
  std::vector<double> code;  // [kernel, flags, count, ...numbers] for each step
  std::vector<Slot> slots;   // by offset
};

class Reader {
 public:
  explicit Reader(const char* path) : file(std::fopen(path, "rb")) {}
  ~Reader() {
    if (file != nullptr) std::fclose(file);
  }
  bool isOpen() const { return file != nullptr; }

  /** False at the end of the file. */
  bool next(Recorded* out) {
    uint32_t nameBytes = 0;
    if (std::fread(&nameBytes, 4, 1, file) != 1) return false;
    out->name.assign(nameBytes, ' ');
    take(out->name.data(), nameBytes);
    out->steps = number();
    out->code.resize(number());
    take(out->code.data(), out->code.size() * sizeof(double));
    out->slots.assign(number(), Slot{});
    for (Slot& slot : out->slots) read(&slot);
    return true;
  }

 private:
  std::FILE* file;

  void take(void* to, size_t bytes) {
    if (bytes > 0 && std::fread(to, 1, bytes, file) != bytes) std::fputs("recording: ends too early\n", stderr), std::_Exit(2);
  }
  uint32_t number() {
    uint32_t n = 0;
    take(&n, 4);
    return n;
  }
  void read(Slot* slot) {
    double offset = 0;
    take(&offset, sizeof offset);
    slot->offset = static_cast<int64_t>(offset);
    slot->words = number();
    slot->fill = static_cast<Fill>(number());
    slot->seed = number();
    if (slot->fill == Fill::words) slot->before.resize(slot->words);
    take(slot->before.data(), slot->before.size() * 4);
    slot->after.resize(number());
    take(slot->after.data(), slot->after.size() * 4);
  }
};

/** Fills a slot. Ids are chosen to hurt: those that name a row, and those far outside. */
inline void fillSlot(const Slot& slot, uint32_t* words) {
  static const float oddities[] = {0.0f, -0.0f, 1e-42f, -1e-38f, 3e38f, -3e38f, 88.8f, -104.0f, 2147483648.0f,
                                   std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                                   std::numeric_limits<float>::quiet_NaN()};
  static const int32_t farIds[] = {-1, INT32_MIN, INT32_MAX, 258, 1 << 20, -258};
  uint32_t state = slot.seed * 2654435761u + 1;
  const auto draw = [&] { return state ^= state << 13, state ^= state >> 17, state ^= state << 5; };
  for (int64_t i = 0; i < slot.words; i++) {
    const uint32_t bits = draw();
    float number = static_cast<float>(static_cast<int32_t>(bits)) * 0x1p-31f;
    if (slot.fill == Fill::oddFloats && bits % 3 == 0) number = oddities[bits / 3 % (sizeof oddities / sizeof *oddities)];
    if (slot.fill == Fill::nothing) number = std::numeric_limits<float>::quiet_NaN();
    if (slot.fill == Fill::words) words[i] = slot.before[i];
    else if (slot.fill == Fill::ids) words[i] = bits % 4 ? bits / 4 % 7 : static_cast<uint32_t>(farIds[bits / 4 % 6]);
    else std::memcpy(words + i, &number, 4);
  }
}
