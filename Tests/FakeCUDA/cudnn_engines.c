/* Engines, what the heuristics say of them, and plans. */

#include "cudnn.h"

/* By number. Those of poor quality tell so in their notes, so whoever uses them has not looked. */
const Engine engines[ENGINE_COUNT] = {
    {.numerical_notes = {9, -1}, .behavior_notes = {-1}, .microseconds = 2000},
    {.numerical_notes = {0, -1}, .behavior_notes = {-1}, .workspace = 4096, .quality = COARSE,
        .microseconds = 500},
    {.numerical_notes = {-1}, .behavior_notes = {-1}, .is_never_final = true},
    {.numerical_notes = {-1}, .behavior_notes = {-1}, .workspace = 1LL << 30},
    {.numerical_notes = {-1}, .behavior_notes = {-1}, .workspace = 1000},
    {.numerical_notes = {4, -1}, .behavior_notes = {-1}, .quality = WRONG},
    {.numerical_notes = {0, -1}, .behavior_notes = {0, -1}, .quality = COARSE},
    {.numerical_notes = {0, 2, -1}, .behavior_notes = {-1}, .quality = WRONG},
    {.numerical_notes = {-1}, .behavior_notes = {-1}, .fails_to_run = true},
};

/* Of the modes, in their numbering. As the real ones, they name hardly an engine but with matrix
   units in float32, and none but a compiled one where the output is of another type; none where
   gradients are. */
static int propose(const Problem *problem, int mode, int *proposals) {
  static const int exact[] = {1, 7}, narrow[] = {2, 3, 5, 7, 1, 4, 8}, fallback[] = {0};
  bool is_mixed = problem->input.element != problem->output.element;
  const int *chosen = problem->input.element == FLOAT32 ? exact : narrow;
  int count = problem->input.element == FLOAT32 ? 2 : 7;
  is_mixed = is_mixed || problem->input.element != problem->weights.element;
  if (is_mixed && problem->pass != FORWARD) return 0;
  if (mode == 2) {
    proposals[0] = is_mixed ? 6 : fallback[0];
    return 1;
  }
  if (mode == 1 || is_mixed) return 0;
  memcpy(proposals, chosen, (size_t)count * sizeof *chosen);
  return count;
}

static int get_results(Descriptor *heuristics, int64_t room, int64_t *count, void *values) {
  int proposals[ENGINE_COUNT];
  int made = propose(&heuristics->problem, enumeration_of(heuristics, 200), proposals);
  /* How many there may be. */
  if (!room) {
    *count = 8;
    return CUDNN_SUCCESS;
  }
  *count = made < room ? made : room;
  for (int i = 0; i < *count; i++) {
    Descriptor *configuration = find_descriptor(((void **)values)[i]);
    if (!configuration || configuration->kind != CONFIGURATION || configuration->finalized) {
      return fail(CUDNN_BAD_PARAM, "results go into fresh descriptors");
    }
    configuration->problem = heuristics->problem;
    configuration->engine = proposals[i];
    configuration->finalized = true;
  }
  return CUDNN_SUCCESS;
}

static int get_notes(const int *notes, int64_t room, int64_t *count, int *values) {
  *count = 0;
  while (notes[*count] >= 0) {
    if (*count < room) values[*count] = notes[*count];
    ++*count;
  }
  return CUDNN_SUCCESS;
}

int get_from_engine(
    Descriptor *descriptor, int name, int64_t room, int64_t *count, void *values) {
  const Engine *engine = &engines[descriptor->engine];
  switch (name) {
    case 202: return get_results(descriptor, room, count, values);
    case 1303: return get_notes(engine->numerical_notes, room, count, values);
    case 1305: return get_notes(engine->behavior_notes, room, count, values);
    default: break;
  }
  *count = 1;
  if (room < 1) return CUDNN_SUCCESS;
  if (name == 300) {
    Descriptor *found = find_descriptor(*(void **)values);
    if (!found || found->kind != ENGINE || found->finalized) {
      return fail(CUDNN_BAD_PARAM, "an engine goes into a fresh descriptor");
    }
    found->problem = descriptor->problem;
    found->engine = descriptor->engine;
    found->finalized = true;
    return CUDNN_SUCCESS;
  }
  *(int64_t *)values = name == 802 ? ENGINE_COUNT : engine->workspace;
  return CUDNN_SUCCESS;
}

int finalize_plan(Descriptor *plan) {
  plan->handle = (Handle *)(uintptr_t)value_of(plan, 400)->values[0];
  if (!plan->handle->has_stream) return fail(CUDNN_BAD_PARAM, "the handle has no stream");
  if (engines[plan->engine].is_never_final) return fail(CUDNN_NOT_SUPPORTED, "engine");
  return CUDNN_SUCCESS;
}
