// What threads divide among themselves: steps of a training, weights of 16 bits that are converted, folded
// and packed in the first runs of several sessions at once, layers of a picture that is large. Whatever the
// threads, results have the bits of one thread.
// usage: divided DATA FOLDER

#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "check.h"

#define LAYER(name, operation, inputs, attributes) \
  "{'name':'" name "','operation':'" operation "','inputs':[" inputs "],'attributes':{" attributes "}}"
#define NORMALISED(name, input, attributes)                                             \
  LAYER(name, "convolution", "'" input "'", attributes ",'kernel':3,'padding':1,'bias':false") "," \
  LAYER(name "-norm", "batch_norm", "'" name "'", "") ","                                \
  LAYER(name "-relu", "relu", "'" name "-norm'", "")

/** In full size those layers that are divided into rows; in a sixteenth weights worth dividing, 331,776 of
 *  one convolution. With ' for ", and the number of classes to be put in. */
static const char network[] =
    "{'input_channels':3,'stride':16,'layers':["
    LAYER("thin", "convolution", "'input'", "'output_channels':8,'kernel':3,'padding':1") ","
    LAYER("grouped", "convolution", "'thin'", "'output_channels':8,'kernel':3,'padding':1,'groups':2") ","
    LAYER("even", "group_normalization", "'grouped'", "'groups':2") ","
    LAYER("turned", "rows_as_columns", "'even'", "") ","
    LAYER("squares", "product", "'turned','turned'", "") ","
    LAYER("back", "rows_as_columns", "'squares'", "") ","
    LAYER("joined", "concatenation", "'thin','back'", "") ","
    LAYER("half", "max_pool", "'joined'", "'kernel':2,'stride':2") ","
    NORMALISED("first", "half", "'output_channels':32,'stride':4") ","
    NORMALISED("second", "first-relu", "'output_channels':192,'stride':2") ","
    NORMALISED("wide", "second-relu", "'output_channels':192") ","
    LAYER("far", "convolution", "'wide-relu'", "'output_channels':4,'kernel':1") ","
    LAYER("enlarged", "resize", "'far','half'", "'interpolation':'bilinear','coordinates':'half_pixel'") ","
    LAYER("near", "convolution", "'half'", "'output_channels':4,'kernel':1") ","
    LAYER("both", "sum", "'near','enlarged'", "") ","
    LAYER("spread", "depth_to_space", "'both'", "'block':2,'order':'crd'") ","
    LAYER("scores", "convolution", "'spread'", "'output_channels':%d,'kernel':1,'makes_scores':true")
    "]}";

enum { most_threads = 8, precisions = 3, sides = 1040 };

static const int32_t precision[precisions] = {FCN_PRECISION_FLOAT32, FCN_PRECISION_INT16, FCN_PRECISION_INT8};
static const char *data, *folder;
static char graph[sizeof network + 16];

/** The network, for as many classes as `data` has lines of names. */
static void write_graph(void) {
  char path[4096];
  size_t size;
  int classes = 0;
  snprintf(path, sizeof path, "%s/class_names.txt", data);
  unsigned char *names = contents(path, &size);
  for (size_t i = 0; i < size; i++) classes += names[i] == '\n' || i + 1 == size;
  free(names);
  snprintf(graph, sizeof graph, network, classes);
  for (char *c = graph; *c; c++) {
    if (*c == '\'') *c = '"';
  }
}

/** Trains for some steps; 0 where the processor does not in that precision. Writes the model's path. */
static int trained(int32_t in, int32_t threads, char *path, size_t size) {
  char output[4096];
  fcn_trainer *trainer = NULL;
  fcn_trainer_params params;
  snprintf(output, sizeof output, "%s/trained-%d-%d", folder, (int)in, (int)threads);
  snprintf(path, size, "%s/model.safetensors", output);
  MUST(fcn_trainer_params_init(&params, sizeof params));
  params.data = data;
  params.output = output;
  params.graph = graph;
  params.precision = in;
  params.threads = threads;
  params.iterations = 3;
  params.batch_size = 2;
  params.crop_width = params.crop_height = 64;
  params.half_precision = 1;
  fcn_status status = fcn_trainer_create(&trainer, &params);
  if (in == FCN_PRECISION_BFLOAT16 && status == FCN_E_UNSUPPORTED) return 0;
  MUST(status);
  MUST(fcn_trainer_run(trainer, NULL, NULL));
  fcn_trainer_free(trainer);
  return 1;
}

static void trainings(char *model, size_t size) {
  const int32_t in[] = {FCN_PRECISION_BFLOAT16, FCN_PRECISION_FLOAT32};
  for (int i = 0; i < 2; i++) {
    char other[8192];
    size_t count, other_count;
    if (!trained(in[i], 1, model, size) || !trained(in[i], 3, other, sizeof other)) continue;
    unsigned char *bytes = contents(model, &count), *other_bytes = contents(other, &other_count);
    CHECK(count == other_count && memcmp(bytes, other_bytes, count) == 0);
    free(bytes);
    free(other_bytes);
  }
}

static fcn_session *new_session(const fcn_model *model, int32_t in, int32_t threads) {
  fcn_session *session = NULL;
  fcn_session_params params;
  MUST(fcn_session_params_init(&params, sizeof params));
  params.precision = in;
  params.threads = threads;
  MUST(fcn_session_create(&session, model, &params));
  return session;
}

static fcn_pixels small;
static float *wanted[precisions];
static size_t wanted_count[precisions];
static pthread_barrier_t together;

typedef struct {
  pthread_t id;
  int number, right;
  const fcn_model *model;
} worker;

static void *run_first(void *argument) {
  worker *own = argument;
  const int way = own->number % precisions;
  fcn_session *session = new_session(own->model, precision[way], 1 + own->number % 3);
  pthread_barrier_wait(&together);
  own->right = gives(session, &small, wanted[way], wanted_count[way]);
  fcn_session_free(session);
  return NULL;
}

/** Nobody has converted, folded or packed anything of a model that several sessions run first. */
static void sessions_at_once(const char *path) {
  worker workers[most_threads];
  fcn_model *model = NULL;
  small = some_pixels(70, 50, 3);
  for (int i = 0; i < precisions; i++) {
    MUST(fcn_model_open(&model, path));
    fcn_session *alone = new_session(model, precision[i], 1);
    wanted[i] = scores_of(alone, &small, &wanted_count[i]);
    fcn_session_free(alone);
    fcn_model_free(model);
  }
  if (pthread_barrier_init(&together, NULL, most_threads)) exit(EXIT_FAILURE);
  for (int round = 0; round < 3; round++) {
    MUST(fcn_model_open(&model, path));
    for (int i = 0; i < most_threads; i++) {
      workers[i] = (worker){.number = i, .model = model};
      if (pthread_create(&workers[i].id, NULL, run_first, &workers[i])) exit(EXIT_FAILURE);
    }
    for (int i = 0; i < most_threads; i++) {
      pthread_join(workers[i].id, NULL);
      CHECK(workers[i].right);
    }
    fcn_model_free(model);
  }
  pthread_barrier_destroy(&together);
  for (int i = 0; i < precisions; i++) free(wanted[i]);
  free((void *)small.data);
}

static int32_t go_on(const fcn_segment_progress *progress, void *user_data) {
  (void)progress;
  ++*(long *)user_data;
  return 0;
}

static void large_picture(const char *path) {
  const fcn_pixels picture = some_pixels(sides, sides - 7, 4);
  fcn_model *model = NULL;
  MUST(fcn_model_open(&model, path));
  for (int i = 0; i < precisions; i++) {
    size_t count;
    long calls = 0;
    fcn_session *session = new_session(model, precision[i], 1);
    float *scores = scores_of(session, &picture, &count);
    fcn_session_free(session);
    session = new_session(model, precision[i], 3);
    // Whoever watches is asked between tasks, in the thread that called.
    MUST(fcn_session_set_progress(session, go_on, &calls));
    CHECK(gives(session, &picture, scores, count));
    CHECK(calls > 0);
    fcn_session_free(session);
    free(scores);
  }
  fcn_model_free(model);
  free((void *)picture.data);
}

int main(int argc, char **argv) {
  char model[8192];
  if (argc != 3) return EXIT_FAILURE;
  data = argv[1];
  folder = argv[2];
  write_graph();
  trainings(model, sizeof model);
  sessions_at_once(model);
  large_picture(model);
  return report();
}
