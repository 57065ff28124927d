// Elementwise programs: a small interpreter that runs every instruction over a block of elements before it takes the
// next block, so that intermediate values stay in the first-level cache. One register is one block.
#pragma once

#include "opcodes.h"

namespace UNROLLED {

constexpr int64_t mapBlock = 256;
constexpr int mapRegisters = mapInputs + mapInstructions;

struct MapInput {
  const float* x;
  int64_t strides[4];
  enum { dense, constant, gathered } kind;
};

struct MapInstruction {
  MapOpcode op;
  int a, b, c;
};

/** A decoded program over the block d, whose dimensions are merged where every input allows. */
struct MapPlan {
  int64_t d[4];
  int inputs, outputs, instructions;
  MapInput input[mapInputs];
  float* y[mapOutputs];
  int source[mapOutputs];  // the register of each output
  bool direct[mapOutputs];  // its instruction may write to y straight away
  MapInstruction instruction[mapInstructions];
  double constants[mapInstructions];
};

/** Merges neighbouring dimensions where all inputs walk them as one; outer ones become 1. */
inline void mergeDimensions(MapPlan& p) {
  int kept = 4;  // the outermost dimension kept so far
  for (int i = 3; i >= 0; i--) {
    if (p.d[i] == 1) continue;
    bool one = kept < 4;
    for (int x = 0; one && x < p.inputs; x++)
      one = p.input[x].strides[i] == p.input[x].strides[kept] * p.d[kept];
    if (one) {
      p.d[kept] *= p.d[i];
      continue;
    }
    kept--;
    p.d[kept] = p.d[i];
    for (int x = 0; x < p.inputs; x++) p.input[x].strides[kept] = p.input[x].strides[i];
  }
  for (int i = 0; i < kept; i++) p.d[i] = 1;
}

inline void classify(MapInput& input, const int64_t* d) {
  bool dense = true, constant = true;
  for (int64_t i = 3, size = 1; i >= 0; size *= d[i--]) {
    dense &= d[i] == 1 || input.strides[i] == size;
    constant &= d[i] == 1 || input.strides[i] == 0;
  }
  input.kind = constant ? MapInput::constant : dense ? MapInput::dense : MapInput::gathered;
}

/** An output is written directly where no input lies under it, or where nothing is read after it. */
inline bool writesDirectly(const MapPlan& p, int output) {
  const int at = p.source[output] - p.inputs;
  if (at < 0 || p.instruction[at].op == MapOpcode::constant_) return false;
  for (int i = 0; i < output; i++)
    if (p.source[i] == p.source[output]) return false;
  bool alone = true;
  for (int x = 0; x < p.inputs; x++) alone &= p.input[x].x != p.y[output];
  return alone || (at == p.instructions - 1 && p.outputs == 1);
}

inline void decode(MapPlan& p, const MapArgs& a) {
  const int64_t d[4] = {a.d0, a.d1, a.d2, a.d3};
  const float* x[mapInputs] = {a.x0, a.x1, a.x2, a.x3, a.x4, a.x5, a.x6, a.x7};
  float* y[mapOutputs] = {a.y0, a.y1, a.y2, a.y3};
  for (int i = 0; i < 4; i++) p.d[i] = d[i];
  p.inputs = static_cast<int>(a.inputs);
  p.outputs = static_cast<int>(a.outputs);
  p.instructions = static_cast<int>(a.instructions);
  const double* tail = a.tail;
  for (int i = 0; i < p.inputs; i++, tail += 4) {
    p.input[i].x = x[i];
    for (int k = 0; k < 4; k++) p.input[i].strides[k] = static_cast<int64_t>(tail[k]);
  }
  mergeDimensions(p);
  for (int i = 0; i < p.inputs; i++) classify(p.input[i], p.d);
  for (int i = 0; i < p.outputs; i++, tail++) p.source[i] = static_cast<int>(*tail);
  for (int i = 0; i < p.instructions; i++, tail += 4) {
    const MapOpcode op = static_cast<MapOpcode>(static_cast<int>(tail[0]));
    const bool constant = op == MapOpcode::constant_;
    p.constants[i] = tail[1];
    p.instruction[i] = {op, constant ? 0 : static_cast<int>(tail[1]), constant ? 0 : static_cast<int>(tail[2]),
                        op == MapOpcode::where_ ? static_cast<int>(tail[3]) : 0};
  }
  for (int i = 0; i < p.outputs; i++) {
    p.y[i] = y[i];
    if (p.source[i] < p.inputs && p.input[p.source[i]].kind == MapInput::dense)
      p.input[p.source[i]].kind = MapInput::gathered;  // copied before any output is written over it
    p.direct[i] = writesDirectly(p, i);
  }
}

INLINE void fillRegister(float* y, float value) {
  for (int64_t i = 0; i < mapBlock; i += W) store(y + i, spread(value));
}

/** Elements [begin, begin + count) of an input, in the order of the block. */
inline void gatherInput(float* y, const MapInput& input, const int64_t* d, int64_t begin, int64_t count) {
  const int64_t* s = input.strides;
  int64_t i3 = begin % d[3], i2 = begin / d[3] % d[2], i1 = begin / d[3] / d[2] % d[1], i0 = begin / d[3] / d[2] / d[1];
  while (count > 0) {
    const float* x = input.x + i0 * s[0] + i1 * s[1] + i2 * s[2] + i3 * s[3];
    const int64_t run = least(d[3] - i3, count);
    if (s[3] == 1) {
      for (int64_t i = 0; i < run; i++) y[i] = x[i];
    } else {
      for (int64_t i = 0; i < run; i++) y[i] = x[i * s[3]];
    }
    y += run;
    count -= run;
    i3 = 0;
    if (++i2 < d[2]) continue;
    i2 = 0;
    if (++i1 < d[1]) continue;
    i1 = 0;
    i0++;
  }
}

/** Runs the program over elements [begin, begin + count); bank holds one block for each register. */
inline void runBlock(const MapPlan& p, float* bank, int64_t begin, int64_t count) {
  const bool whole = count % W == 0;
  const float* r[mapRegisters];
  for (int i = 0; i < p.inputs; i++) {
    const MapInput& input = p.input[i];
    r[i] = bank + i * mapBlock;
    if (input.kind == MapInput::dense && whole) {
      r[i] = input.x + begin;
    } else if (input.kind != MapInput::constant) {
      gatherInput(bank + i * mapBlock, input, p.d, begin, count);
    }
  }
  for (int i = 0; i < p.instructions; i++) {
    const MapInstruction& step = p.instruction[i];
    float* y = bank + (p.inputs + i) * mapBlock;
    for (int k = 0; k < p.outputs; k++)
      if (whole && p.direct[k] && p.source[k] == p.inputs + i) y = p.y[k] + begin;
    r[p.inputs + i] = y;
    execute(step.op, y, r[step.a], r[step.b], r[step.c], roundUp(count, W));
  }
  for (int k = 0; k < p.outputs; k++) {
    const float* from = r[p.source[k]];
    if (from == p.y[k] + begin) continue;
    forVectors(0, count, [&](int64_t i, auto lanes) { store(p.y[k] + begin + i, load(from + i, lanes), lanes); });
  }
}

inline void map(const MapArgs& a, const Team& team) {
  MapPlan plan;
  decode(plan, a);
  const int64_t size = plan.d[0] * plan.d[1] * plan.d[2] * plan.d[3];
  float* bank = team.scratch;  // [mapRegisters, mapBlock]
  if (size == 0) return;
  for (int i = 0; i < plan.inputs; i++)
    if (plan.input[i].kind == MapInput::constant) fillRegister(bank + i * mapBlock, plan.input[i].x[0]);
  for (int i = 0; i < plan.instructions; i++)
    if (plan.instruction[i].op == MapOpcode::constant_)
      fillRegister(bank + (plan.inputs + i) * mapBlock, static_cast<float>(plan.constants[i]));
  const Range mine = share(ceilDiv(size, mapBlock), team);
  for (int64_t i = mine.begin; i < mine.end; i++)
    runBlock(plan, bank, i * mapBlock, least(mapBlock, size - i * mapBlock));
}

}  // namespace UNROLLED
