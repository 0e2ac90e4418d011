// Very many segmentations of changing sizes, models opened and imported, trainings begun and left: memory,
// descriptors and threads are in the end what they were when all had been done for a while.
// usage: soak MODEL DATA FOLDER SEGMENTATIONS TRAININGS [SECONDS]; ends early after that time

#define _GNU_SOURCE
#include "state.h"

static const int32_t precisions[] = {FCN_PRECISION_FLOAT32, FCN_PRECISION_INT16, FCN_PRECISION_INT8};
static unsigned seed = 1;

static unsigned next_random(void) {
  seed = seed * 1103515245u + 12345u;
  return seed >> 16 & 0x7fff;
}

static fcn_session *new_session(const fcn_model *model, int32_t precision) {
  fcn_session *session = NULL;
  fcn_session_params params;
  MUST(fcn_session_params_init(&params, sizeof params));
  params.precision = precision;
  params.threads = 1 + (int32_t)(next_random() % 2);
  MUST(fcn_session_create(&session, model, &params));
  return session;
}

/** A picture, its labels, an overlay. */
static void segment(fcn_session *session, const fcn_model *model) {
  static uint8_t labels[96 * 96];
  const int32_t width = 1 + (int32_t)(next_random() % 96), height = 1 + (int32_t)(next_random() % 96);
  const size_t count = (size_t)width * (size_t)height;
  fcn_pixels pixels = some_pixels(width, height, next_random());
  OK(fcn_segment(session, &pixels, 1));
  OK(fcn_result_labels(labels, sizeof labels, NULL, session, 0));
  if (next_random() % 50 == 0) {
    fcn_image *overlay = NULL;
    OK(fcn_overlay(&overlay, &pixels, labels, count, model, 0.5f));
    fcn_image_free(overlay);
  }
  free((void *)pixels.data);
}

static void segmentations(const fcn_model *model, const char *path, long count, double end) {
  long files = 0, memory = 0, done = 0, warm = count / 5;
  fcn_session *sessions[3] = {NULL, NULL, NULL};
  for (; done < count && now() < end; done++) {
    const int way = (int)(done % 3);
    if (!sessions[way] || next_random() % 500 == 0) {
      fcn_session_free(sessions[way]);
      sessions[way] = new_session(model, precisions[way]);
    }
    segment(sessions[way], model);
    if (done % 100 == 0) {
      fcn_model *opened = NULL, *imported = NULL, *none = NULL;
      OK(fcn_model_open(&opened, path));
      OK(fcn_model_import(&imported, path, NULL));
      EXPECT(FCN_E_NOT_FOUND, fcn_model_open(&none, "/no/such/model"));
      fcn_model_free(imported);
      fcn_model_free(opened);
    }
    if (done == warm) {
      memory = resident();
      files = descriptors();
    }
  }
  for (int i = 0; i < 3; i++) fcn_session_free(sessions[i]);
  CHECK(thread_count(1) == 1);
  CHECK(done <= warm || descriptors() == files);
  const long grown = done > warm ? resident() - memory : 0;
  CHECK(grown < 8 << 10);
  if (count > 5000) {
    printf("%ld segmentations; memory %ld kB after %ld, %+ld kB at the end\n", done, memory, warm, grown);
    fflush(stdout);
  }
}

static int32_t stop_soon(const fcn_train_progress *progress, void *user_data) {
  (void)user_data;
  return progress->iteration >= 3;
}

static void trainings(const char *data, const char *folder, long count, double end) {
  long files = 0, memory = 0, done = 0, warm = count / 5;
  for (; done < count && now() < end; done++) {
    char output[1024];
    snprintf(output, sizeof output, "%s/training-%ld", folder, done);
    fcn_trainer_params params;
    MUST(fcn_trainer_params_init(&params, sizeof params));
    params.data = data;
    params.output = output;
    params.threads = 2;
    params.epochs = 4;
    params.batch_size = 1;
    params.width = 0.05f;
    params.crop_width = params.crop_height = 32;
    fcn_trainer *trainer = NULL;
    MUST(fcn_trainer_create(&trainer, &params));
    // Every third is left without having run.
    if (done % 3) EXPECT(FCN_E_ABORTED, fcn_trainer_run(trainer, stop_soon, NULL));
    fcn_trainer_free(trainer);
    if (done == warm) {
      memory = resident();
      files = descriptors();
    }
  }
  CHECK(thread_count(1) == 1);
  CHECK(done <= warm || descriptors() == files);
  const long grown = done > warm ? resident() - memory : 0;
  CHECK(grown < 8 << 10);
  if (count > 20) {
    printf("%ld trainings; memory %ld kB after %ld, %+ld kB at the end\n", done, memory, warm, grown);
    fflush(stdout);
  }
}

int main(int argc, char **argv) {
  if (argc < 6) return EXIT_FAILURE;
  const double end = now() + (argc > 6 ? atof(argv[6]) : 1e9);
  char path[1024];
  snprintf(path, sizeof path, "%s/soak.safetensors", argv[3]);
  fcn_model *plain = NULL, *model = NULL;
  MUST(fcn_model_open(&plain, argv[1]));
  fcn_pixels pixels = some_pixels(90, 90, 1);
  MUST(fcn_model_calibrate(&model, plain, &pixels, 1, 1, NULL, NULL));
  MUST(fcn_model_save(model, path, FCN_ELEMENTS_F32));
  free((void *)pixels.data);
  fcn_model_free(plain);
  segmentations(model, path, atol(argv[4]), end);
  fcn_model_free(model);
  trainings(argv[2], argv[3], atol(argv[5]), end);
  return report();
}
