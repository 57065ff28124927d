// Random numbers from a counter: Philox4x32-10 (Salmon 2011), W counters at a time, so that any element can be drawn by
// any thread and a replay draws the same.
#pragma once

#include "../table.h"
#include "math.h"

namespace UNROLLED {

/** Elements of W counters, four each. */
constexpr int64_t drawSize = 4 * W;

/** High 32 bits of a times m, from 16-bit halves. */
INLINE Words multiplyHigh(Words a, uint32_t m) {
  const uint32_t mLow = m & 0xffff, mHigh = m >> 16;
  const Words aLow = a & 0xffff, aHigh = a >> 16;
  const Words middle = aHigh * mLow + ((aLow * mLow) >> 16);
  const Words carry = aLow * mHigh + (middle & 0xffff);
  return aHigh * mHigh + (middle >> 16) + (carry >> 16);
}

/** The four words of the counters (block, stream, 0, 0), (block + 1, stream, 0, 0), ... */
struct Draw {
  Words lane[4];
};

INLINE Draw draw(const int32_t* key, uint32_t block, uint32_t stream) {
  Words c0 = spread(block), c1 = spread(stream), c2{}, c3{};
  for (int i = 0; i < W; i++) c0[i] += static_cast<uint32_t>(i);
  uint32_t k0 = static_cast<uint32_t>(key[0]), k1 = static_cast<uint32_t>(key[1]);
  for (int round = 0; round < 10; round++) {
    const Words high0 = multiplyHigh(c0, 0xd2511f53), low0 = c0 * 0xd2511f53u;
    const Words high1 = multiplyHigh(c2, 0xcd9e8d57), low1 = c2 * 0xcd9e8d57u;
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  return {{c0, c1, c2, c3}};
}

/** word >>> 8, below 2^24. */
INLINE Floats uniform24(Words word) { return __builtin_convertvector((Ints)(word >> 8), Floats); }

/** Lane l of counter j is element 4 j + l. */
INLINE void interleave(float* y, const Floats lanes[4]) {
  for (int l = 0; l < 4; l++)
    for (int j = 0; j < W; j++) y[4 * j + l] = lanes[l][j];
}

/** f(i, u, count) for this thread's draws: u [drawSize] are the elements from i on, of which count exist. */
template <typename Make, typename F>
INLINE void forDraws(int64_t n, const int32_t* key, int64_t stream, const Team& team, Make make, F f) {
  const Range mine = share(ceilDiv(n, drawSize), team);
  for (int64_t i = mine.begin; i < mine.end; i++) {
    const Draw words = draw(key, static_cast<uint32_t>(i * W), static_cast<uint32_t>(stream));
    Floats lanes[4];
    make(words, lanes);
    alignas(64) float u[drawSize];
    interleave(u, lanes);
    f(i * drawSize, u, least(drawSize, n - i * drawSize));
  }
}

/** Two standard normals from two uniforms times 2^24 (Box & Muller 1958). */
INLINE void boxMuller(Floats& even, Floats& odd) {
  const Floats radius = squareRoot(log(1.0f - even * 0x1p-24f) * -2.0f);
  const Circle angle = circle(odd * 0x1p-24f);
  even = radius * angle.cosine;
  odd = radius * angle.sine;
}

inline void random(const RandomArgs& a, const Team& team) {
  auto make = [&](const Draw& words, Floats lanes[4]) {
    for (int l = 0; l < 4; l++) lanes[l] = uniform24(words.lane[l]);
    if (a.kind == 0) {
      for (int l = 0; l < 4; l++) lanes[l] *= 0x1p-24f;
    } else {
      boxMuller(lanes[0], lanes[1]);
      boxMuller(lanes[2], lanes[3]);
    }
  };
  forDraws(a.n, a.key, a.stream, team, make, [&](int64_t at, const float* u, int64_t count) {
    forVectors(0, count, [&](int64_t j, auto lanes) { store(a.y + at + j, load(u + j, lanes), lanes); });
  });
}

inline void dropout(const DropoutArgs& a, const Team& team) {
  // u < rate for u = k / 2^24 is k < ceil(2^24 rate), which a float holds exactly.
  const double bound = a.rate * 0x1p24;
  const int64_t whole = static_cast<int64_t>(bound);
  const float limit = static_cast<float>(whole + (static_cast<double>(whole) < bound));
  const float scale = static_cast<float>(1.0 / (1.0 - a.rate));
  auto make = [&](const Draw& words, Floats lanes[4]) {
    for (int l = 0; l < 4; l++) lanes[l] = uniform24(words.lane[l]);
  };
  forDraws(a.n, a.key, a.stream, team, make, [&](int64_t at, const float* u, int64_t count) {
    forVectors(0, count, [&](int64_t j, auto lanes) {
      const Floats kept = load(a.x + at + j, lanes) * scale;
      store(a.y + at + j, load(u + j, lanes) < limit ? Floats{} : kept, lanes);
    });
  });
}

}  // namespace UNROLLED
