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

struct MapOutput {
  float* y;
  int64_t strides[4];
  int source;   // the register it takes
  bool dense;
  bool direct;  // its instruction may write to y straight away
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
  MapOutput output[mapOutputs];
  MapInstruction instruction[mapInstructions];
  double constants[mapInstructions];
};

/** True where an operand with these strides walks dimension i and the kept one inside it as one. */
inline bool walksAsOne(const int64_t* strides, int i, int kept, const int64_t* d) {
  return strides[i] == strides[kept] * d[kept];
}

/** Merges neighbouring dimensions where all operands walk them as one; outer ones become 1. */
inline void mergeDimensions(MapPlan& p) {
  int kept = 4;  // the outermost dimension kept so far
  for (int i = 3; i >= 0; i--) {
    if (p.d[i] == 1) continue;
    bool one = kept < 4;
    for (int x = 0; one && x < p.inputs; x++) one = walksAsOne(p.input[x].strides, i, kept, p.d);
    for (int y = 0; one && y < p.outputs; y++) one = walksAsOne(p.output[y].strides, i, kept, p.d);
    if (one) {
      p.d[kept] *= p.d[i];
      continue;
    }
    kept--;
    p.d[kept] = p.d[i];
    for (int x = 0; x < p.inputs; x++) p.input[x].strides[kept] = p.input[x].strides[i];
    for (int y = 0; y < p.outputs; y++) p.output[y].strides[kept] = p.output[y].strides[i];
  }
  for (int i = 0; i < kept; i++) p.d[i] = 1;
}

inline bool isDense(const int64_t* strides, const int64_t* d) {
  bool dense = true;
  for (int64_t i = 3, size = 1; i >= 0; size *= d[i--]) dense &= d[i] == 1 || strides[i] == size;
  return dense;
}

inline void classify(MapInput& input, const int64_t* d) {
  bool constant = true;
  for (int i = 0; i < 4; i++) constant &= d[i] == 1 || input.strides[i] == 0;
  input.kind = constant ? MapInput::constant : isDense(input.strides, d) ? MapInput::dense : MapInput::gathered;
}

/** An output is written directly where no input lies under it, or where nothing is read after it. */
inline bool writesDirectly(const MapPlan& p, int output) {
  const int source = p.output[output].source, at = source - p.inputs;
  if (!p.output[output].dense || at < 0 || p.instruction[at].op == MapOpcode::constant_) return false;
  for (int i = 0; i < output; i++)
    if (p.output[i].source == source) return false;
  bool alone = true;
  for (int x = 0; x < p.inputs; x++) alone &= p.input[x].x != p.output[output].y;
  return alone || (at == p.instructions - 1 && p.outputs == 1);
}

inline void readStrides(int64_t* strides, const double*& tail) {
  for (int k = 0; k < 4; k++) strides[k] = static_cast<int64_t>(*tail++);
}

/** Only these of the rows d[2]. */
inline void takeRows(MapPlan& p, Range rows) {
  p.d[2] = rows.end - rows.begin;
  for (int i = 0; i < p.inputs; i++) p.input[i].x += rows.begin * p.input[i].strides[2];
  for (int i = 0; i < p.outputs; i++) p.output[i].y += rows.begin * p.output[i].strides[2];
}

inline void decode(MapPlan& p, const MapArgs& a, const Team& team) {
  const int64_t d[4] = {a.d0, a.d1, a.d2, a.d3};
  const float* x[mapInputs] = {a.x0, a.x1, a.x2, a.x3, a.x4, a.x5, a.x6, a.x7, a.x8, a.x9, a.x10, a.x11};
  float* y[mapOutputs] = {a.y0, a.y1, a.y2, a.y3, a.y4, a.y5, a.y6, a.y7};
  for (int i = 0; i < 4; i++) p.d[i] = d[i];
  p.inputs = static_cast<int>(a.inputs);
  p.outputs = static_cast<int>(a.outputs);
  p.instructions = static_cast<int>(a.instructions);
  const double* tail = a.tail;
  for (int i = 0; i < p.inputs; i++) {
    p.input[i].x = x[i];
    readStrides(p.input[i].strides, tail);
  }
  for (int i = 0; i < p.outputs; i++) {
    p.output[i].y = y[i];
    readStrides(p.output[i].strides, tail);
  }
  if (team.rows) takeRows(p, share(p.d[2], team));
  mergeDimensions(p);
  for (int i = 0; i < p.inputs; i++) classify(p.input[i], p.d);
  for (int i = 0; i < p.outputs; i++) p.output[i].dense = isDense(p.output[i].strides, p.d);
  for (int i = 0; i < p.outputs; i++) p.output[i].source = static_cast<int>(*tail++);
  for (int i = 0; i < p.instructions; i++, tail += 4) {
    const MapOpcode op = static_cast<MapOpcode>(static_cast<int>(tail[0]));
    const bool constant = op == MapOpcode::constant_;
    p.constants[i] = tail[1];
    p.instruction[i] = {op, constant ? 0 : static_cast<int>(tail[1]), constant ? 0 : static_cast<int>(tail[2]),
                        op == MapOpcode::where_ ? static_cast<int>(tail[3]) : 0};
  }
  for (int i = 0; i < p.outputs; i++) {
    const int source = p.output[i].source;
    if (source < p.inputs && p.input[source].kind == MapInput::dense)
      p.input[source].kind = MapInput::gathered;  // copied before any output is written over it
    p.output[i].direct = writesDirectly(p, i);
  }
}

INLINE void fillRegister(float* y, float value) {
  for (int64_t i = 0; i < mapBlock; i += W) store(y + i, spread(value));
}

/** Calls run(offset, place, length) for each stretch of the innermost dimension within elements [begin, begin + count). */
template <class Run>
INLINE void forRuns(const int64_t* s, const int64_t* d, int64_t begin, int64_t count, Run run) {
  int64_t i3 = begin % d[3], i2 = begin / d[3] % d[2], i1 = begin / d[3] / d[2] % d[1], i0 = begin / d[3] / d[2] / d[1];
  for (int64_t place = 0; place < count;) {
    const int64_t length = least(d[3] - i3, count - place);
    run(i0 * s[0] + i1 * s[1] + i2 * s[2] + i3 * s[3], place, length);
    place += length;
    i3 = 0;
    if (++i2 < d[2]) continue;
    i2 = 0;
    if (++i1 < d[1]) continue;
    i1 = 0;
    i0++;
  }
}

inline void gatherInput(float* y, const MapInput& input, const int64_t* d, int64_t begin, int64_t count) {
  const int64_t s = input.strides[3];
  forRuns(input.strides, d, begin, count, [&](int64_t offset, int64_t place, int64_t length) {
    const float* x = input.x + offset;
    if (s == 1) {
      for (int64_t i = 0; i < length; i++) y[place + i] = x[i];
    } else {
      for (int64_t i = 0; i < length; i++) y[place + i] = x[i * s];
    }
  });
}

inline void scatterOutput(const MapOutput& output, const float* x, const int64_t* d, int64_t begin, int64_t count) {
  const int64_t s = output.strides[3];
  forRuns(output.strides, d, begin, count, [&](int64_t offset, int64_t place, int64_t length) {
    float* y = output.y + offset;
    if (s == 1) {
      for (int64_t i = 0; i < length; i++) y[i] = x[place + i];
    } else {
      for (int64_t i = 0; i < length; i++) y[i * s] = x[place + i];
    }
  });
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
      if (whole && p.output[k].direct && p.output[k].source == p.inputs + i) y = p.output[k].y + begin;
    r[p.inputs + i] = y;
    execute(step.op, y, r[step.a], r[step.b], r[step.c], roundUp(count, W));
  }
  for (int k = 0; k < p.outputs; k++) {
    const MapOutput& output = p.output[k];
    const float* from = r[output.source];
    if (!output.dense) scatterOutput(output, from, p.d, begin, count);
    else if (from != output.y + begin)
      forVectors(0, count, [&](int64_t i, auto lanes) { store(output.y + begin + i, load(from + i, lanes), lanes); });
  }
}

inline void map(const MapArgs& a, const Team& team) {
  MapPlan plan;
  decode(plan, a, team);
  const int64_t size = plan.d[0] * plan.d[1] * plan.d[2] * plan.d[3];
  float* bank = team.scratch;  // [mapRegisters, mapBlock]
  const int64_t blocks = ceilDiv(size, mapBlock);
  const Range mine = team.rows ? Range{0, blocks} : share(blocks, team);
  if (mine.begin == mine.end) return;  // also before reading: another thread may be writing in place
  for (int i = 0; i < plan.inputs; i++)
    if (plan.input[i].kind == MapInput::constant) fillRegister(bank + i * mapBlock, plan.input[i].x[0]);
  for (int i = 0; i < plan.instructions; i++)
    if (plan.instruction[i].op == MapOpcode::constant_)
      fillRegister(bank + (plan.inputs + i) * mapBlock, static_cast<float>(plan.constants[i]));
  for (int64_t i = mine.begin; i < mine.end; i++)
    runBlock(plan, bank, i * mapBlock, least(mapBlock, size - i * mapBlock));
}

}  // namespace UNROLLED
