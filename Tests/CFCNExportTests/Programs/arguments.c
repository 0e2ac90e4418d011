// Every function with NULL, with objects of another kind and with freed ones, with sizes that are too
// small, zero or absurd: each gets a status and a message, and nothing is written where it must not be.
// usage: arguments MODEL PICTURE FOLDER

#include <math.h>
#include <stdint.h>

#include "check.h"

// A library that is compiled for AddressSanitizer is stopped where it looks whether a handle was freed.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FREED_MEMORY_IS_WATCHED 1
#endif
#endif
#ifndef FREED_MEMORY_IS_WATCHED
#define FREED_MEMORY_IS_WATCHED 0
#endif

static int32_t no_rows(int32_t first, int32_t count, void *pixels, void *user_data) {
  (void)first, (void)count, (void)pixels, (void)user_data;
  return 1;
}

static int32_t no_labels(int32_t first, int32_t count, const uint8_t *labels, void *user_data) {
  (void)first, (void)count, (void)labels, (void)user_data;
  return 1;
}

static void versions(void) {
  CHECK(fcn_version_number() == FCN_VERSION_NUMBER);
  CHECK(fcn_abi_version() == FCN_ABI_VERSION);
  CHECK(strcmp(fcn_version(), FCN_VERSION) == 0);
  CHECK(strcmp(fcn_last_error_message(), "") == 0);
  for (fcn_status status = 5; status > -40; status--) {
    CHECK(fcn_status_string(status) != NULL);
    int known = status <= FCN_OK && status >= FCN_E_DEVICE;
    CHECK((strcmp(fcn_status_string(status), "unknown status") != 0) == known);
  }
  for (int32_t topic = -3; topic < 20; topic++) {
    const char *text = fcn_about(topic);
    CHECK(text != NULL);
    CHECK((text[0] != '\0') == (topic >= FCN_ABOUT_BUILD && topic <= FCN_ABOUT_ARCHITECTURES));
  }
#ifndef SYSTEM_BLAS
  CHECK(strstr(fcn_about(FCN_ABOUT_BLAS), "private copy") != NULL);
#endif
  int32_t available = 0;
  for (int32_t i = 0; i < fcn_backend_count(); i++) {
    fcn_backend_info info = {.struct_size = sizeof info};
    OK(fcn_backend_get_info(&info, i));
    CHECK(info.name && info.name[0] && info.description && info.description[0]);
    available += info.available;
  }
  CHECK(available >= 1);
  fcn_backend_info info = {.struct_size = sizeof info};
  EXPECT(FCN_E_NOT_FOUND, fcn_backend_get_info(&info, -1));
  EXPECT(FCN_E_NOT_FOUND, fcn_backend_get_info(&info, fcn_backend_count()));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_backend_get_info(NULL, 0));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_log_set(0, NULL, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_log_set(4, NULL, NULL));
  OK(fcn_log_set(FCN_LOG_INFO, NULL, NULL));
}

// A struct of this library's size with room for the fields of a later one.
typedef union {
  fcn_session_params params;
  unsigned char bytes[sizeof(fcn_session_params) + 64];
} later_params;

static void struct_sizes(const fcn_model *model) {
  later_params later;
  memset(&later, 0xEE, sizeof later);
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_params_init(NULL, sizeof(fcn_session_params)));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_params_init(&later.params, 0));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_params_init(&later.params, 8));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_params_init(&later.params, UINT32_MAX));
  for (size_t i = 0; i < sizeof later; i++) CHECK(later.bytes[i] == 0xEE);

  // A host with a newer header.
  uint32_t larger = sizeof(fcn_session_params) + 32;
  OK(fcn_session_params_init(&later.params, larger));
  CHECK(later.params.struct_size == larger);
  for (size_t i = sizeof(fcn_session_params); i < larger; i++) CHECK(later.bytes[i] == 0);
  for (size_t i = larger; i < sizeof later; i++) CHECK(later.bytes[i] == 0xEE);
  fcn_session *session = NULL;
  OK(fcn_session_create(&session, model, &later.params));
  fcn_session_free(session);
  later.bytes[larger - 1] = 1;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_create(&session, model, &later.params));
  CHECK(session == NULL);
  CHECK(strstr(fcn_last_error_message(), "does not know") != NULL);

  fcn_session_params params;
  OK(fcn_session_params_init(&params, sizeof params));
  CHECK(params.struct_size == sizeof params && params.threads == 0 && params.allocator == NULL);
  params.struct_size = 0;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_create(&session, model, &params));
  params.struct_size = UINT32_MAX;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_create(&session, model, &params));

  struct {
    fcn_model_info info;
    unsigned char rest[16];
  } out;
  memset(&out, 0xEE, sizeof out);
  out.info.struct_size = sizeof out;
  OK(fcn_model_get_info(&out.info, model));
  CHECK(out.info.struct_size == sizeof out);
  for (size_t i = 0; i < sizeof out.rest; i++) CHECK(out.rest[i] == 0);
  out.info.struct_size = 4;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_get_info(&out.info, model));
}

static void params_values(const fcn_model *model) {
  static const struct {
    int32_t threads, largest_batch, precision;
    const char *disabled_forms;
    fcn_status wanted;
  } cases[] = {
    {1, 1, FCN_PRECISION_FLOAT32, NULL, FCN_OK},
    {2, 4, FCN_PRECISION_INT16, "", FCN_OK},
    {-1, 1, 0, NULL, FCN_E_INVALID_ARGUMENT},
    {INT32_MAX, 1, 0, NULL, FCN_E_INVALID_ARGUMENT},
    {1, 0, 0, NULL, FCN_E_INVALID_ARGUMENT},
    {1, -5, 0, NULL, FCN_E_INVALID_ARGUMENT},
    {1, INT32_MAX, 0, NULL, FCN_E_INVALID_ARGUMENT},
    {1, 1, -1, NULL, FCN_E_INVALID_ARGUMENT},
    {1, 1, FCN_PRECISION_TF32, NULL, FCN_E_INVALID_ARGUMENT},
    {1, 1, FCN_PRECISION_INT8, NULL, FCN_OK},
    {1, 1, 6, NULL, FCN_E_INVALID_ARGUMENT},
    {1, 1, 0, "no.such.form", FCN_E_INVALID_ARGUMENT},
    {1, 1, 0, "\xff\xfe", FCN_E_INVALID_ARGUMENT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    fcn_session_params params;
    OK(fcn_session_params_init(&params, sizeof params));
    params.threads = cases[i].threads;
    params.largest_batch = cases[i].largest_batch;
    params.precision = cases[i].precision;
    params.disabled_forms = cases[i].disabled_forms;
    fcn_session *session = NULL;
    EXPECT(cases[i].wanted, fcn_session_create(&session, model, &params));
    CHECK((session != NULL) == (cases[i].wanted == FCN_OK));
    fcn_session_free(session);
  }
}

static fcn_status imported_with(const char *path, const fcn_preprocessing *rule) {
  fcn_import_params params;
  fcn_model *model = NULL;
  OK(fcn_import_params_init(&params, sizeof params));
  params.preprocessing = rule;
  fcn_status status = fcn_model_import(&model, path, &params);
  fcn_model_free(model);
  return status;
}

// What the header says of each field is so, at both ends of each range.
static void ranges(const fcn_model *model, const char *path) {
  fcn_session_params params;
  fcn_session *session = NULL;
  OK(fcn_session_params_init(&params, sizeof params));
  params.device = 1;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_create(&session, model, &params));
  CHECK(strstr(fcn_last_error_message(), "FCN_BACKEND_CPU") != NULL);
  params.device = -1;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_create(&session, model, &params));
  params.device = 0;
  params.threads = 1025;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_create(&session, model, &params));
  params.threads = 1;
  params.largest_batch = 65;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_create(&session, model, &params));
  CHECK(strstr(fcn_last_error_message(), "largest_batch") != NULL);
  params.largest_batch = 64;
  OK(fcn_session_create(&session, model, &params));
  fcn_session_free(session);

  static const struct {
    int32_t rule, width, height;
    fcn_status wanted;
  } sizes[] = {
    {FCN_SIZE_NATIVE, 0, 0, FCN_OK},
    {FCN_SIZE_NATIVE, 224, 0, FCN_E_INVALID_ARGUMENT},
    {FCN_SIZE_NATIVE, 0, -1, FCN_E_INVALID_ARGUMENT},
    {FCN_SIZE_NATIVE, 0, 1 << 20, FCN_E_INVALID_ARGUMENT},
    {FCN_SIZE_EXACT, 1, 16384, FCN_OK},
    {FCN_SIZE_EXACT, 0, 16384, FCN_E_INVALID_ARGUMENT},
    {FCN_SIZE_EXACT, 16385, 1, FCN_E_INVALID_ARGUMENT},
    {FCN_SIZE_LONGEST_SIDE, 500, 0, FCN_OK},
    {FCN_SIZE_LONGEST_SIDE, 500, 500, FCN_E_INVALID_ARGUMENT},
    {FCN_SIZE_LONGEST_SIDE, 0, 0, FCN_E_INVALID_ARGUMENT},
    {FCN_SIZE_AT_MOST, 16384, 0, FCN_OK},
    {FCN_SIZE_AT_MOST, 16384, 1, FCN_E_INVALID_ARGUMENT},
    {FCN_SIZE_AT_MOST, -1, 0, FCN_E_INVALID_ARGUMENT},
    {FCN_SIZE_AT_MOST + 1, 0, 0, FCN_E_INVALID_ARGUMENT},
  };
  fcn_preprocessing rule = {.struct_size = sizeof rule};
  OK(fcn_model_get_preprocessing(&rule, model));
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    rule.size_rule = sizes[i].rule;
    rule.size_width = sizes[i].width;
    rule.size_height = sizes[i].height;
    EXPECT(sizes[i].wanted, imported_with(path, &rule));
  }
  rule.size_rule = FCN_SIZE_NATIVE;
  rule.size_width = rule.size_height = 0;
  OK(imported_with(path, &rule));
  rule.reserved = 1;
  EXPECT(FCN_E_INVALID_ARGUMENT, imported_with(path, &rule));
  CHECK(strstr(fcn_last_error_message(), "reserved") != NULL);
  rule.reserved = 0;
  rule.channel_order = FCN_CHANNELS_GREY;
  rule.mean[1] = 3;
  EXPECT(FCN_E_INVALID_ARGUMENT, imported_with(path, &rule));
  CHECK(strstr(fcn_last_error_message(), "FCN_CHANNELS_GREY") != NULL);
}

static void handles(const char *model_path, const char *picture_path) {
  fcn_model *model = NULL;
  fcn_image *image = NULL;
  fcn_session *session = NULL;
  OK(fcn_model_open(&model, model_path));
  OK(fcn_image_open(&image, picture_path));
  fcn_pixels pixels;
  OK(fcn_image_pixels(&pixels, image));
  fcn_model_info info = {.struct_size = sizeof info};

  // One kind for another.
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_get_info(&info, (fcn_model *)(void *)image));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_image_pixels(&pixels, (fcn_image *)(void *)model));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_create(&session, (fcn_model *)(void *)image, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment((fcn_session *)(void *)model, &pixels, 1));
  fcn_model_free((fcn_model *)(void *)image);  // ignored
  OK(fcn_image_pixels(&pixels, image));

  fcn_model_free(model);
#if !FREED_MEMORY_IS_WATCHED
  // Freed ones. (The memory has not been given to anything else between.)
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_get_info(&info, model));
  fcn_model_free(model);
#endif
  fcn_image_free(image);

  fcn_model_free(NULL);
  fcn_session_free(NULL);
  fcn_image_free(NULL);
}

static void nulls(const char *model_path, const char *picture_path, const char *folder) {
  fcn_model *model = NULL;
  fcn_session *session = NULL;
  fcn_image *image = NULL;
  MUST(fcn_model_open(&model, model_path));
  MUST(fcn_session_create(&session, model, NULL));
  MUST(fcn_image_open(&image, picture_path));
  fcn_pixels pixels;
  MUST(fcn_image_pixels(&pixels, image));
  char path[4096];
  snprintf(path, sizeof path, "%s/unwanted.png", folder);

  fcn_model *no_model = model;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_open(NULL, model_path));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_open(&no_model, NULL));
  CHECK(no_model == NULL);
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_open(&no_model, "\xff\xff"));
  EXPECT(FCN_E_NOT_FOUND, fcn_model_open(&no_model, "/no/such/model"));
  CHECK(strstr(fcn_last_error_message(), "/no/such/model") != NULL);
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_open_default(NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_open_memory(NULL, "x", 1));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_open_memory(&no_model, NULL, 1));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_open_memory(&no_model, "x", 0));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_open_memory(&no_model, "x", SIZE_MAX));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_open_borrowed(NULL, "x", 1, NULL, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_open_borrowed(&no_model, NULL, 1, NULL, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_open_reader(&no_model, NULL, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_get_info(NULL, model));
  fcn_model_info info = {.struct_size = sizeof info};
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_get_info(&info, NULL));
  fcn_preprocessing rule = {.struct_size = sizeof rule};
  OK(fcn_model_get_preprocessing(&rule, model));
  CHECK(rule.struct_size == sizeof rule && rule.scale[0] > 0);
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_get_preprocessing(NULL, model));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_get_preprocessing(&rule, NULL));

  fcn_import_params import;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_import_params_init(NULL, sizeof import));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_import_params_init(&import, 0));
  OK(fcn_import_params_init(&import, sizeof import));
  CHECK(import.struct_size == sizeof import && !import.architecture && !import.class_names);
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_import(NULL, model_path, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_import(&no_model, NULL, NULL));
  EXPECT(FCN_E_NOT_FOUND, fcn_model_import(&no_model, "/no/such/file.pth", &import));
  EXPECT(FCN_E_UNSUPPORTED, fcn_model_import(&no_model, picture_path, &import));
  import.class_count = 4;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_import(&no_model, model_path, &import));
  const char *names[] = {"a", "b", NULL, "d"};
  import.class_names = names;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_import(&no_model, model_path, &import));
  names[2] = "a";
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_import(&no_model, model_path, &import));
  CHECK(strstr(fcn_last_error_message(), "listed twice") != NULL);
  import.class_count = -1;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_import(&no_model, model_path, &import));
  OK(fcn_import_params_init(&import, sizeof import));
  import.architecture = "resnet";
  EXPECT(FCN_E_NOT_FOUND, fcn_model_import(&no_model, model_path, &import));
  OK(fcn_import_params_init(&import, sizeof import));
  import.rename_count = 1;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_import(&no_model, model_path, &import));
  const char *renames[] = {"nothing=else"};
  import.renames = renames;
  EXPECT(FCN_E_NOT_FOUND, fcn_model_import(&no_model, model_path, &import));
  renames[0] = "nothing";
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_import(&no_model, model_path, &import));
  import.rename_count = -1;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_import(&no_model, model_path, &import));
  OK(fcn_import_params_init(&import, sizeof import));
  import.longest_list = -1;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_import(&no_model, model_path, &import));
  fcn_import_info imported = {.struct_size = sizeof imported};
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_get_import_info(NULL, model));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_get_import_info(&imported, NULL));
  OK(fcn_model_get_import_info(&imported, model));
  CHECK(imported.left_out_count == 0 && !imported.left_out && !imported.preprocessing_assumed);
  fcn_preprocessing named = {.struct_size = sizeof named};
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_preprocessing_named(NULL, "unit"));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_preprocessing_named(&named, NULL));
  EXPECT(FCN_E_NOT_FOUND, fcn_preprocessing_named(&named, "none"));
  OK(fcn_preprocessing_named(&named, "caffe"));
  CHECK(named.channel_order == FCN_CHANNELS_BGR && named.scale[2] == 1);
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_save(NULL, "model", FCN_ELEMENTS_F32));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_save(model, NULL, FCN_ELEMENTS_F32));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_save(model, "/no/such/folder/m", 7));
  EXPECT(FCN_E_INPUT_OUTPUT, fcn_model_save(model, "/no/such/folder/m", FCN_ELEMENTS_F16));

  fcn_session *no_session = session;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_create(NULL, model, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_create(&no_session, NULL, NULL));
  CHECK(no_session == NULL);
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_set_progress(NULL, NULL, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment(NULL, &pixels, 1));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment(session, NULL, 1));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment(session, &pixels, 0));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment(session, &pixels, -1));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment_encoded(session, NULL, 4));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment_encoded(session, "x", 0));
  EXPECT(FCN_E_UNSUPPORTED, fcn_segment_encoded(session, "not a picture", 13));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment_file(session, NULL));
  EXPECT(FCN_E_NOT_FOUND, fcn_segment_file(session, "/no/such/picture"));
  EXPECT(FCN_E_UNSUPPORTED, fcn_segment_file(session, "/dev/zero"));
  EXPECT(FCN_E_INPUT_OUTPUT, fcn_segment_file(session, folder));

  fcn_stream stream = {.struct_size = sizeof stream, .format = FCN_PIXELS_RGB8, .width = 8,
                       .height = 8, .read_rows = no_rows, .write_rows = no_labels};
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment_stream(NULL, &stream));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment_stream(session, NULL));
  EXPECT(FCN_E_ABORTED, fcn_segment_stream(session, &stream));
  fcn_stream bad = stream;
  bad.struct_size = 0;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment_stream(session, &bad));
  bad = stream, bad.format = 99;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment_stream(session, &bad));
  bad = stream, bad.width = 0;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment_stream(session, &bad));
  bad = stream, bad.height = INT32_MAX;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment_stream(session, &bad));
  bad = stream, bad.tile_side = -1;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment_stream(session, &bad));
  bad = stream, bad.width = bad.height = 1 << 20, bad.tile_side = 16;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment_stream(session, &bad));
  bad = stream, bad.memory_limit = 1;
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_segment_stream(session, &bad));
  bad = stream, bad.read_rows = NULL;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment_stream(session, &bad));
  bad = stream, bad.write_rows = NULL;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment_stream(session, &bad));

  fcn_image *no_image = image;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_image_open(&no_image, NULL));
  CHECK(no_image == NULL);
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_image_open(NULL, picture_path));
  EXPECT(FCN_E_UNSUPPORTED, fcn_image_open(&no_image, "/dev/zero"));
  EXPECT(FCN_E_UNSUPPORTED, fcn_model_open(&no_model, "/dev/zero"));
  EXPECT(FCN_E_UNSUPPORTED, fcn_model_import(&no_model, "/dev/zero", NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_image_decode(&no_image, NULL, 1));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_image_decode(&no_image, "x", 0));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_image_copy(&no_image, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_image_copy(NULL, &pixels));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_image_pixels(NULL, image));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_image_pixels(&pixels, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_image_save(NULL, path));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_image_save(image, NULL));
  EXPECT(FCN_E_INPUT_OUTPUT, fcn_image_save(image, "/no/such/folder/picture.png"));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_image_save(image, "picture.JPG"));

  uint8_t labels[4] = {0};
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_labels_save(NULL, 2, 2, NULL, path));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_labels_save(labels, 0, 2, NULL, path));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_labels_save(labels, 2, -2, NULL, path));
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_labels_save(labels, INT32_MAX, INT32_MAX, NULL, path));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_labels_save(labels, 2, 2, NULL, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_labels_save(labels, 2, 2, NULL, ""));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_labels_save(labels, 2, 2, NULL, "labels.gif"));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_labels_save_grey(labels, 2, 2, "labels.tiff"));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_labels_save_grey(NULL, 2, 2, path));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_labels_save_grey(labels, 0, 2, path));
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_labels_save_grey(labels, INT32_MAX, INT32_MAX, path));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_labels_save_grey(labels, 2, 2, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_labels_save_grey(labels, 2, 2, ""));
  EXPECT(FCN_E_INPUT_OUTPUT, fcn_labels_save_grey(labels, 2, 2, "/no/such/folder/labels.png"));
  FILE *unwanted = fopen(path, "rb");
  CHECK(unwanted == NULL);

  fcn_image *drawn = image;
  const size_t count = (size_t)pixels.width * (size_t)pixels.height;
  uint8_t *map = calloc(count, 1);
  if (!map) exit(EXIT_FAILURE);
  OK(fcn_overlay(&drawn, &pixels, map, count, model, 0.5f));
  fcn_image_free(drawn);
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_overlay(NULL, &pixels, map, count, model, 0.5f));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_overlay(&drawn, NULL, map, count, model, 0.5f));
  CHECK(drawn == NULL);
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_overlay(&drawn, &pixels, NULL, count, model, 0.5f));
  EXPECT(FCN_E_SHAPE_MISMATCH, fcn_overlay(&drawn, &pixels, map, count - 1, model, 0.5f));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_overlay(&drawn, &pixels, map, count, NULL, 0.5f));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_overlay(&drawn, &pixels, map, count, model, 1.5f));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_overlay(&drawn, &pixels, map, count, model, NAN));
  OK(fcn_sheet(&drawn, &pixels, map, map, count, model, "a caption"));
  fcn_image_free(drawn);
  OK(fcn_sheet(&drawn, &pixels, map, NULL, count, model, NULL));
  fcn_image_free(drawn);
  EXPECT(FCN_E_SHAPE_MISMATCH, fcn_sheet(&drawn, &pixels, map, map, SIZE_MAX, model, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_sheet(&drawn, &pixels, NULL, map, count, model, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_sheet(&drawn, &pixels, map, map, count, model, "\xff"));
  // Labels beyond the model's classes are drawn, not trapped over.
  memset(map, 200, count);
  OK(fcn_overlay(&drawn, &pixels, map, count, model, 1));
  fcn_image_free(drawn);
  OK(fcn_sheet(&drawn, &pixels, map, NULL, count, model, NULL));
  fcn_image_free(drawn);
  free(map);

  fcn_image_free(image);
  fcn_session_free(session);
  fcn_model_free(model);
}

static void pixel_views(const fcn_model *model) {
  fcn_session *session = NULL;
  MUST(fcn_session_create(&session, model, NULL));
  const fcn_pixels good = some_pixels(8, 8, 1);
  struct {
    fcn_pixels pixels;
    fcn_status wanted;
  } cases[] = {
    {{good.data, 8, 8, 24, FCN_PIXELS_RGB8, 0}, FCN_OK},
    {{NULL, 8, 8, 24, FCN_PIXELS_RGB8, 0}, FCN_E_INVALID_ARGUMENT},
    {{good.data, 0, 8, 24, FCN_PIXELS_RGB8, 0}, FCN_E_INVALID_ARGUMENT},
    {{good.data, 8, 0, 24, FCN_PIXELS_RGB8, 0}, FCN_E_INVALID_ARGUMENT},
    {{good.data, -8, 8, 24, FCN_PIXELS_RGB8, 0}, FCN_E_INVALID_ARGUMENT},
    {{good.data, 8, -8, 24, FCN_PIXELS_RGB8, 0}, FCN_E_INVALID_ARGUMENT},
    {{good.data, 8, 8, 23, FCN_PIXELS_RGB8, 0}, FCN_E_INVALID_ARGUMENT},
    {{good.data, 8, 8, SIZE_MAX, FCN_PIXELS_RGB8, 0}, FCN_E_INVALID_ARGUMENT},
    {{good.data, 8, 8, SIZE_MAX / 2, FCN_PIXELS_RGB8, 0}, FCN_E_INVALID_ARGUMENT},
    {{good.data, INT32_MAX, INT32_MAX, 0, FCN_PIXELS_RGB8, 0}, FCN_E_OUT_OF_MEMORY},
    {{good.data, INT32_MAX, INT32_MAX, 0, FCN_PIXELS_RGBA8, 0}, FCN_E_OUT_OF_MEMORY},
    {{good.data, 8, 8, 24, 0, 0}, FCN_E_INVALID_ARGUMENT},
    {{good.data, 8, 8, 24, 6, 0}, FCN_E_INVALID_ARGUMENT},
    {{good.data, 8, 8, 24, FCN_PIXELS_RGBA8, 0}, FCN_E_INVALID_ARGUMENT},
    {{good.data, 8, 8, 24, FCN_PIXELS_RGB8, 1}, FCN_E_INVALID_ARGUMENT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    EXPECT(cases[i].wanted, fcn_segment(session, &cases[i].pixels, 1));
    fcn_image *image = NULL;
    EXPECT(cases[i].wanted, fcn_image_copy(&image, &cases[i].pixels));
    fcn_image_free(image);
  }
  fcn_pixels two[2] = {good, cases[1].pixels};
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment(session, two, 2));
  CHECK(strstr(fcn_last_error_message(), "picture 1") != NULL);
  fcn_session_free(session);
  free((void *)good.data);
}

static void result_buffers(const fcn_model *model) {
  fcn_session *session = NULL;
  MUST(fcn_session_create(&session, model, NULL));
  fcn_model_info info = {.struct_size = sizeof info};
  MUST(fcn_model_get_info(&info, model));
  const size_t classes = (size_t)info.class_count;
  enum { width = 33, height = 17, count = width * height };

  int32_t results = -1, w = 0, h = 0;
  uint8_t labels[count + 1];
  OK(fcn_result_count(&results, session));
  CHECK(results == 0);
  EXPECT(FCN_E_NOT_FOUND, fcn_result_labels(labels, count, NULL, session, 0));
  EXPECT(FCN_E_NOT_FOUND, fcn_result_areas(NULL, 0, NULL, session, 0));

  fcn_pixels pixels = some_pixels(width, height, 2);
  MUST(fcn_segment(session, &pixels, 1));
  OK(fcn_result_count(&results, session));
  CHECK(results == 1);
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_result_count(NULL, session));
  OK(fcn_result_size(&w, &h, session, 0));
  CHECK(w == width && h == height);
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_result_size(NULL, &h, session, 0));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_result_size(&w, NULL, session, 0));
  EXPECT(FCN_E_NOT_FOUND, fcn_result_size(&w, &h, session, 1));
  EXPECT(FCN_E_NOT_FOUND, fcn_result_size(&w, &h, session, -1));

  size_t needed = 0;
  memset(labels, 0xEE, sizeof labels);
  OK(fcn_result_labels(NULL, 0, &needed, session, 0));
  CHECK(needed == count);
  needed = 0;
  EXPECT(FCN_E_BUFFER_TOO_SMALL, fcn_result_labels(labels, count - 1, &needed, session, 0));
  CHECK(needed == count);
  EXPECT(FCN_E_BUFFER_TOO_SMALL, fcn_result_labels(labels, 0, NULL, session, 0));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_result_labels(NULL, 0, NULL, session, 0));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_result_labels(NULL, count, &needed, session, 0));
  EXPECT(FCN_E_NOT_FOUND, fcn_result_labels(labels, count, NULL, session, 1));
  for (size_t i = 0; i < sizeof labels; i++) CHECK(labels[i] == 0xEE);
  OK(fcn_result_labels(labels, sizeof labels, &needed, session, 0));
  CHECK(labels[count] == 0xEE);
  for (size_t i = 0; i < count; i++) CHECK(labels[i] < classes);
  OK(fcn_result_labels(labels, SIZE_MAX, NULL, session, 0));

  float *scores = malloc((classes * count + 1) * sizeof(float));
  float *probabilities = malloc(classes * count * sizeof(float));
  int64_t areas[FCN_LARGEST_CLASS_COUNT];
  if (!scores || !probabilities) exit(EXIT_FAILURE);
  OK(fcn_result_scores(NULL, 0, &needed, session, 0));
  CHECK(needed == classes * count);
  EXPECT(FCN_E_BUFFER_TOO_SMALL, fcn_result_scores(scores, needed - 1, NULL, session, 0));
  EXPECT(FCN_E_BUFFER_TOO_SMALL, fcn_result_probabilities(scores, 1, NULL, session, 0));
  EXPECT(FCN_E_BUFFER_TOO_SMALL, fcn_result_areas(areas, classes - 1, &needed, session, 0));
  CHECK(needed == classes);
  scores[classes * count] = -12345;
  OK(fcn_result_scores(scores, classes * count, NULL, session, 0));
  CHECK(scores[classes * count] == -12345);
  OK(fcn_result_probabilities(probabilities, classes * count, NULL, session, 0));
  OK(fcn_result_areas(areas, classes, NULL, session, 0));

  // The four results tell one story.
  int64_t counted[FCN_LARGEST_CLASS_COUNT] = {0};
  for (size_t i = 0; i < count; i++) {
    size_t best = 0;
    float sum = 0;
    for (size_t c = 0; c < classes; c++) {
      sum += probabilities[c * count + i];
      if (scores[c * count + i] > scores[best * count + i]) best = c;
    }
    CHECK(labels[i] == best);
    CHECK(sum > 0.999f && sum < 1.001f);
    counted[labels[i]]++;
  }
  CHECK(memcmp(counted, areas, classes * sizeof areas[0]) == 0);

  // A call that fails leaves no results of an earlier one.
  fcn_pixels bad = pixels;
  bad.format = 77;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_segment(session, &bad, 1));
  OK(fcn_result_count(&results, session));
  CHECK(results == 0);

  free(scores);
  free(probabilities);
  free((void *)pixels.data);
  fcn_session_free(session);
}

int main(int argc, char **argv) {
  if (argc != 4) return EXIT_FAILURE;
  versions();
  fcn_model *model = NULL;
  MUST(fcn_model_open(&model, argv[1]));
  struct_sizes(model);
  params_values(model);
  ranges(model, argv[1]);
  handles(argv[1], argv[2]);
  nulls(argv[1], argv[2], argv[3]);
  pixel_views(model);
  result_buffers(model);
  fcn_model_free(model);
  return report();
}
