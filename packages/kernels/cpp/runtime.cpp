// The interpreter of programs and the barrier between their steps.
#include "runtime.h"

#include "kernels/dispatch.h"

namespace UNROLLED {

namespace {

/** The barrier: returns once all threads of the crew have called it. The last to arrive opens it. */
void meet(Crew* crew, bool maySleep) {
  const uint32_t seen = read(&crew->meeting);
  if (__atomic_add_fetch(&crew->arrived, 1, __ATOMIC_ACQ_REL) == static_cast<uint32_t>(crew->size)) {
    __atomic_store_n(&crew->arrived, 0, __ATOMIC_RELAXED);
    advance(&crew->meeting);
  } else {
    await(&crew->meeting, seen, crew->patience, maySleep, &crew->failure);
  }
}

void meetAsCaller(void* crew) {
  meet(static_cast<Crew*>(crew), static_cast<Crew*>(crew)->callerMaySleep);
}

void meetAsWorker(void* crew) {
  meet(static_cast<Crew*>(crew), true);
}

// The program by value: while a late worker still looks for its end, the caller may already put the next one into the crew.
void execute(float* base, Program program, int64_t times, const Team& team) {
  Team whole = team;
  Team lone = team;
  lone.size = 1;
  Team part = team;
  part.size = team.size / 2;
  part.rank = part.size > 0 ? team.rank % part.size : 0;
  const uint32_t ownPart = team.rank < part.size ? lowerStep : upperStep;
  for (int64_t turn = 0; turn < times; turn++) {
    const double* step = program.code;
    for (int64_t i = 0; i < program.steps; i++) {
      const uint32_t flags = static_cast<uint32_t>(step[1]);
      // Read before the barrier: once all have met at the last step, the caller may let the program go.
      const double* next = step + 3 + static_cast<int64_t>(step[2]);
      const bool solo = team.size > 1 && (flags & soloStep);
      const bool parted = team.size % 2 == 0 && (flags & (lowerStep | upperStep));
      whole.half = part.half = lone.half = (flags & halfStep) != 0;
      whole.rows = (flags & rowsStep) != 0;
      if (parted ? (flags & ownPart) != 0 : !solo || team.rank == 0)
        runKernel(static_cast<int>(step[0]), base, step + 3, parted ? part : solo ? lone : whole);
      if (flags & meetStep) team.barrier();
      step = next;
    }
  }
}

}  // namespace

void open(Crew* crew, float* base, int size, Patience patience, bool callerMaySleep) {
  crew->base = base;
  crew->size = size;
  crew->patience = patience;
  crew->callerMaySleep = callerMaySleep;
  for (int rank = 0; rank < size; rank++) {
    Team* team = &crew->teams[rank];
    team->rank = rank;
    team->size = size;
    team->wait = rank == 0 ? meetAsCaller : meetAsWorker;
    team->context = crew;
  }
}

void work(Crew* crew, int rank) {
  uint32_t seen = 0;
  for (;;) {
    await(&crew->job, seen, crew->patience, true, &crew->failure);
    seen = read(&crew->job);
    if (crew->closing || hasFailed(&crew->failure)) return;
    execute(crew->base, crew->program, crew->times, crew->teams[rank]);
  }
}

bool run(Crew* crew, Program program, int64_t times, bool alone) {
  if (hasFailed(&crew->failure)) return false;
  if (program.steps == 0 || times == 0) return true;
  if (alone || crew->size == 1) {
    Team team = crew->teams[0];
    team.size = 1;
    execute(crew->base, program, times, team);
    return true;
  }
  crew->program = program;
  crew->times = times;
  advance(&crew->job);
  execute(crew->base, program, times, crew->teams[0]);
  return !hasFailed(&crew->failure);
}

void abandon(Crew* crew) {
  __atomic_store_n(&crew->failure.value, 1, __ATOMIC_SEQ_CST);
  advance(&crew->meeting);
  advance(&crew->job);
}

void finish(Crew* crew) {
  crew->closing = true;
  advance(&crew->job);
}

bool multipliesHalf() {
#ifdef UNROLLED_BF16
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

double multiplyBare(int64_t turns) {
  float result = 0;
  const double operations = peak(turns, &result);
  volatile float kept = result;  // read by nobody, yet the loop must be run
  (void)kept;
  return operations;
}

}  // namespace UNROLLED
