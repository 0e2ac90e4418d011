// What a program uses that was built with the header of an earlier day, whose structs are smaller: the
// library writes no byte beyond them and gives what it does not hear of its default.
// usage: earlier MODEL FOLDER

#include "check.h"

enum { behind = 512 };

/** A struct at the start of memory that nobody else may write to. */
static void *guarded(size_t size) {
  unsigned char *block = malloc(size + behind);
  if (!block) exit(EXIT_FAILURE);
  memset(block, 0xA5, size + behind);
  return block;
}

static void check_guard(const void *block, size_t size) {
  const unsigned char *bytes = block;
  for (size_t i = size; i < size + behind; i++) CHECK(bytes[i] == 0xA5);
}

static int32_t progress(const fcn_segment_progress *told, void *user_data) {
  // This library knows no less than an earlier one.
  CHECK(told->struct_size >= sizeof *told);
  CHECK(told->fraction >= 0 && told->fraction <= 1);
  *(int32_t *)user_data += 1;
  return 0;
}

static void parameters(void) {
  fcn_session_params *session = guarded(sizeof *session);
  MUST(fcn_session_params_init(session, sizeof *session));
  CHECK(session->struct_size == sizeof *session);
  CHECK(session->threads == 0 && session->largest_batch == 8 && session->allocator == NULL);
  check_guard(session, sizeof *session);
  free(session);

  fcn_trainer_params *trainer = guarded(sizeof *trainer);
  MUST(fcn_trainer_params_init(trainer, sizeof *trainer));
  CHECK(trainer->struct_size == sizeof *trainer && trainer->data == NULL && trainer->seed == 1);
  check_guard(trainer, sizeof *trainer);
  free(trainer);

  fcn_import_params *import = guarded(sizeof *import);
  MUST(fcn_import_params_init(import, sizeof *import));
  CHECK(import->struct_size == sizeof *import && import->class_names == NULL);
  check_guard(import, sizeof *import);
  free(import);
}

static void outputs(const fcn_model *model) {
  fcn_model_info *info = guarded(sizeof *info);
  info->struct_size = sizeof *info;
  MUST(fcn_model_get_info(info, model));
  CHECK(info->class_count == 4 && strcmp(info->class_names[3], "tree") == 0);
  CHECK(strcmp(info->architecture, "fcn-simple") == 0);
  check_guard(info, sizeof *info);
  free(info);

  fcn_preprocessing *preprocessing = guarded(sizeof *preprocessing);
  preprocessing->struct_size = sizeof *preprocessing;
  MUST(fcn_model_get_preprocessing(preprocessing, model));
  CHECK(preprocessing->size_rule == FCN_SIZE_NATIVE);
  check_guard(preprocessing, sizeof *preprocessing);
  free(preprocessing);

  fcn_backend_info *backend = guarded(sizeof *backend);
  backend->struct_size = sizeof *backend;
  MUST(fcn_backend_get_info(backend, 0));
  CHECK(backend->available == 1 && strcmp(backend->name, "cpu") == 0);
  check_guard(backend, sizeof *backend);
  free(backend);
}

static void segments(const fcn_model *model) {
  fcn_session_params params;
  fcn_session *session = NULL, *plain = NULL;
  MUST(fcn_session_params_init(&params, sizeof params));
  params.threads = 2;
  MUST(fcn_session_create(&session, model, &params));
  MUST(fcn_session_create(&plain, model, NULL));
  int32_t calls = 0;
  MUST(fcn_session_set_progress(session, progress, &calls));
  fcn_pixels pixels = some_pixels(70, 50, 4);
  size_t count;
  float *scores = scores_of(plain, &pixels, &count);
  CHECK(count == 4 * 70 * 50);
  CHECK(gives(session, &pixels, scores, count));
  CHECK(calls > 1);
  free(scores);
  free((void *)pixels.data);
  fcn_session_free(plain);
  fcn_session_free(session);
}

static void imports(const char *path, const char *folder) {
  char copy[1024];
  snprintf(copy, sizeof copy, "%s/earlier.safetensors", folder);
  fcn_import_params params;
  MUST(fcn_import_params_init(&params, sizeof params));
  params.note = "kept";
  fcn_model *model = NULL;
  MUST(fcn_model_import(&model, path, &params));
  fcn_model_info info;
  info.struct_size = sizeof info;
  MUST(fcn_model_get_info(&info, model));
  CHECK(strcmp(info.note, "kept") == 0);
  MUST(fcn_model_save(model, copy, FCN_ELEMENTS_F16));
  fcn_model_free(model);
}

int main(int argc, char **argv) {
  if (argc != 3) return EXIT_FAILURE;
  CHECK(fcn_abi_version() == FCN_ABI_VERSION);
  CHECK(fcn_version_number() >= FCN_VERSION_NUMBER);
  fcn_model *model = NULL;
  MUST(fcn_model_open(&model, argv[1]));
  parameters();
  outputs(model);
  segments(model);
  imports(argv[1], argv[2]);
  fcn_model_free(model);
  return report();
}
