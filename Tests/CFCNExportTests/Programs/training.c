// What a trainer refuses, what it tells, and that it goes on where it was stopped.
// usage: training MODEL DATA FOLDER

#include <math.h>
#include <stddef.h>

#include "check.h"

static const char *data, *folder, *weights;

static fcn_trainer_params small(char *output, size_t size, const char *name) {
  fcn_trainer_params params;
  MUST(fcn_trainer_params_init(&params, sizeof params));
  snprintf(output, size, "%s/%s", folder, name);
  params.data = data;
  params.output = output;
  params.width = 0.05f;
  params.batch_norm = 1;
  params.epochs = 2;
  params.batch_size = 2;
  params.evaluation_interval = 1;
  params.threads = 1;
  return params;
}

/** Creates a trainer after `change`, which must be refused, and writes nothing. */
#define REFUSED(wanted, change)                                                \
  do {                                                                         \
    char output_[4096];                                                        \
    fcn_trainer *none_ = NULL;                                                 \
    fcn_trainer_params p = small(output_, sizeof output_, "refused");          \
    change;                                                                    \
    EXPECT(wanted, fcn_trainer_create(&none_, &p));                            \
    CHECK(none_ == NULL);                                                      \
  } while (0)

static void refusals(const fcn_model *model) {
  fcn_trainer *trainer = NULL;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_trainer_create(&trainer, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_trainer_params_init(NULL, sizeof(fcn_trainer_params)));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_trainer_run(NULL, NULL, NULL));
  fcn_trainer_free(NULL);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.struct_size = 12);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.data = NULL);
  REFUSED(FCN_E_NOT_FOUND, p.data = "/no/such/folder");
  REFUSED(FCN_E_INVALID_ARGUMENT, p.output = NULL);
  REFUSED(FCN_E_NOT_FOUND, p.train_split = "no-such-list");
  REFUSED(FCN_E_NOT_FOUND, p.validation_split = "no-such-list");
  REFUSED(FCN_E_NOT_FOUND, p.architecture = "no-such-network");
  REFUSED(FCN_E_INVALID_ARGUMENT, (p.architecture = "fcn-simple", p.graph = "{}"));
  REFUSED(FCN_E_CORRUPT, (p.width = 0, p.batch_norm = -1, p.graph = "[}"));
  CHECK(strstr(fcn_last_error_message(), "graph") != NULL);
  REFUSED(FCN_E_NOT_FOUND, p.weights = "/no/such/weights");
  REFUSED(FCN_E_INVALID_ARGUMENT, p.weights = "");
  CHECK(strstr(fcn_last_error_message(), "weights") != NULL);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.resume = 2);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.start = (const fcn_model *)(const void *)&p);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.threads = -1);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.epochs = -1);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.batch_size = -1);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.width = NAN);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.optimizer = 2);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.schedule = -1);
  REFUSED(FCN_E_INVALID_ARGUMENT, (p.schedule = FCN_SCHEDULE_STEP, p.schedule_epochs = 0));
  REFUSED(FCN_E_INVALID_ARGUMENT, (p.schedule = FCN_SCHEDULE_POLY, p.schedule_power = NAN));
  REFUSED(FCN_E_INVALID_ARGUMENT, p.loss = 7);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.class_weights = 7);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.learning_rate = NAN);
  REFUSED(FCN_E_INVALID_ARGUMENT, (p.optimizer = FCN_OPTIMIZER_SGD, p.momentum = 1));
  REFUSED(FCN_E_INVALID_ARGUMENT, p.clip_norm = -INFINITY);
  REFUSED(FCN_E_INVALID_ARGUMENT, (p.scale_least = 2, p.scale_greatest = 1));
  REFUSED(FCN_E_INVALID_ARGUMENT, p.scale_least = NAN);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.scale_greatest = INFINITY);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.crop_width = -3);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.brightness = 2);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.warm_up = -2);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.evaluation_interval = -1);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.flip = 9);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.patience = -2);
  CHECK(strstr(fcn_last_error_message(), "patience") != NULL);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.patience = 1000001);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.patience = 1);  // there are no validation pictures
  CHECK(strstr(fcn_last_error_message(), "validation pictures") != NULL);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.time_limit = 1e10);
  CHECK(strstr(fcn_last_error_message(), "time_limit") != NULL);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.extend = 2);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.time_limit = NAN);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.batch_norm = 2);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.reserved = 1);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.binary_masks = 2);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.device = 1);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.threads = 1025);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.epochs = 1000001);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.evaluation_interval = 1000001);
  CHECK(strstr(fcn_last_error_message(), "evaluation_interval") != NULL);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.batch_size = 1025);
  CHECK(strstr(fcn_last_error_message(), "batch_size") != NULL);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.learning_rate = -1);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.learning_rate = 1001);
  CHECK(strstr(fcn_last_error_message(), "learning_rate") != NULL);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.weight_decay = 1.5f);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.bias_rate = 1001);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.bias_decay = -1);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.clip_norm = INFINITY);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.warm_up = 1000000001);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.crop_width = 65537);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.crop_height = -2);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.scale_least = 0.01f);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.scale_greatest = 21);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.contrast = -0.1f);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.width = 4.5f);
  REFUSED(FCN_E_INVALID_ARGUMENT, (p.schedule = FCN_SCHEDULE_STEP, p.schedule_factor = 2));
  REFUSED(FCN_E_INVALID_ARGUMENT, (p.schedule = FCN_SCHEDULE_POLY, p.schedule_power = 11));
  REFUSED(FCN_E_INVALID_ARGUMENT, (p.epochs = 0, p.iterations = -1));
  CHECK(strstr(fcn_last_error_message(), "iterations is -1") != NULL);
  REFUSED(FCN_E_INVALID_ARGUMENT, (p.epochs = 0, p.iterations = 1000000001));
  REFUSED(FCN_E_INVALID_ARGUMENT, p.iterations = 1);  // epochs are set too
  CHECK(strstr(fcn_last_error_message(), "epochs is 2 and iterations 1") != NULL);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.accumulation = 1025);
  CHECK(strstr(fcn_last_error_message(), "accumulation is 1025") != NULL);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.layer_rates = "conv1");
  CHECK(strstr(fcn_last_error_message(), "NAME=FACTOR") != NULL);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.layer_rates = "conv1=1001");
  REFUSED(FCN_E_INVALID_ARGUMENT, p.layer_rates = "conf=1");
  CHECK(strstr(fcn_last_error_message(), "no layer whose name begins so") != NULL);
  float class_weights[] = {1, 2, 3, NAN};
  REFUSED(FCN_E_INVALID_ARGUMENT, p.class_weight_values = class_weights);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.class_weight_count = 4);
  REFUSED(FCN_E_INVALID_ARGUMENT, (p.class_weight_values = class_weights, p.class_weight_count = 3));
  CHECK(strstr(fcn_last_error_message(), "there are 4 classes") != NULL);
  REFUSED(FCN_E_INVALID_ARGUMENT, (p.class_weight_values = class_weights, p.class_weight_count = 4));
  CHECK(strstr(fcn_last_error_message(), "class_weight_values[3] is nan") != NULL);
  REFUSED(FCN_E_INVALID_ARGUMENT, p.recipe = "simple");
  CHECK(strstr(fcn_last_error_message(), "fcn_trainer_params_named") != NULL);
  fcn_trainer_params named;
  EXPECT(FCN_E_NOT_FOUND, fcn_trainer_params_named(&named, sizeof named, "no-such-recipe"));
  CHECK(strstr(fcn_last_error_message(), "voc-fcn32s") != NULL);
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_trainer_params_named(&named, sizeof named, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_trainer_params_named(NULL, sizeof named, "simple"));
  EXPECT(FCN_E_INVALID_ARGUMENT,
         fcn_trainer_params_named(&named, offsetof(fcn_trainer_params, layer_rates) - 4, "simple"));
#define REFUSED_WITH_START(change) \
  REFUSED(FCN_E_INVALID_ARGUMENT, (p.start = model, p.width = 0, p.batch_norm = -1, change))
  REFUSED_WITH_START(p.width = 0.05f);
  CHECK(strstr(fcn_last_error_message(), "width is for a fresh model") != NULL);
  REFUSED_WITH_START(p.batch_norm = 0);
  CHECK(strstr(fcn_last_error_message(), "batch_norm is for a fresh model") != NULL);
  REFUSED_WITH_START(p.architecture = "fcn-simple");
  CHECK(strstr(fcn_last_error_message(), "architecture is for a fresh model") != NULL);
  REFUSED_WITH_START(p.weights = weights);
  CHECK(strstr(fcn_last_error_message(), "weights is for a fresh model") != NULL);
  REFUSED(FCN_E_INPUT_OUTPUT, p.output = "/proc/no-such-folder/output");
  fcn_preprocessing rule = {.struct_size = sizeof rule};
  MUST(fcn_model_get_preprocessing(&rule, model));
  rule.channel_order = 5;
  REFUSED(FCN_E_INVALID_ARGUMENT, p.preprocessing = &rule);
  REFUSED_WITH_START(p.preprocessing = &rule);
  CHECK(strstr(fcn_last_error_message(), "preprocessing is for a fresh model") != NULL);
  rule.channel_order = FCN_CHANNELS_GREY;
  rule.mean[0] = NAN;
  REFUSED(FCN_E_INVALID_ARGUMENT, p.preprocessing = &rule);
  rule.size_rule = FCN_SIZE_EXACT;
  rule.mean[0] = 0;
  REFUSED(FCN_E_INVALID_ARGUMENT, p.preprocessing = &rule);
}

typedef struct {
  fcn_trainer *trainer;
  int minibatches, epochs, stop_in_epoch;
  int64_t last_iteration;
} state;

static int32_t watch(const fcn_train_progress *progress, void *user_data) {
  state *s = user_data;
  CHECK(progress->struct_size >= sizeof *progress && progress->epoch_count == 2);
  CHECK(progress->epoch >= 1 && progress->epoch <= 2);
  CHECK(progress->step >= 1 && progress->step <= progress->step_count);
  CHECK(progress->elapsed_ms > 0 && progress->learning_rate > 0);
  EXPECT(FCN_E_INVALID_STATE, fcn_trainer_run(s->trainer, NULL, NULL));
  switch (progress->event) {
    case FCN_TRAIN_MINIBATCH:
      s->minibatches++;
      CHECK(progress->iteration == s->last_iteration + 1);
      CHECK(progress->loss > 0 && isnan(progress->pixel_accuracy));
      s->last_iteration = progress->iteration;
      return progress->epoch == s->stop_in_epoch;
    case FCN_TRAIN_EPOCH:
      s->epochs++;
      CHECK(progress->pixel_accuracy >= 0 && progress->pixel_accuracy <= 1);
      CHECK(isnan(progress->validation_mean_iu));
      return 0;
    default:
      CHECK(!"an event that was not to come");
      return 0;
  }
}

static void same_file(const char *a, const char *b, const char *name) {
  char path_a[8192], path_b[8192];
  size_t size_a, size_b;
  snprintf(path_a, sizeof path_a, "%s/%s", a, name);
  snprintf(path_b, sizeof path_b, "%s/%s", b, name);
  unsigned char *bytes_a = contents(path_a, &size_a), *bytes_b = contents(path_b, &size_b);
  CHECK(size_a == size_b && memcmp(bytes_a, bytes_b, size_a) == 0);
  free(bytes_a);
  free(bytes_b);
}

static void runs(void) {
  char whole[4096], stopped[4096], resumed[4096];
  fcn_trainer *trainer = NULL;
  fcn_trainer_params params = small(whole, sizeof whole, "whole");
  MUST(fcn_trainer_create(&trainer, &params));
  state s = {trainer, 0, 0, 0, 0};
  MUST(fcn_trainer_run(trainer, watch, &s));
  CHECK(s.minibatches == 4 && s.epochs == 2);
  MUST(fcn_trainer_run(trainer, watch, &s));  // there is nothing left to do
  CHECK(s.minibatches == 4);
  fcn_trainer_free(trainer);
  EXPECT(FCN_E_INVALID_STATE, fcn_trainer_create(&trainer, &params));

  // Stopped within each epoch, then gone on with, by the same trainer and by another.
  for (int epoch = 1; epoch <= 2; epoch++) {
    char name[16];
    snprintf(name, sizeof name, "stopped-%d", epoch);
    params = small(stopped, sizeof stopped, name);
    MUST(fcn_trainer_create(&trainer, &params));
    s = (state){trainer, 0, 0, epoch, 0};
    EXPECT(FCN_E_ABORTED, fcn_trainer_run(trainer, watch, &s));
    CHECK(s.epochs == epoch - 1);
    MUST(fcn_trainer_run(trainer, NULL, NULL));
    fcn_trainer_free(trainer);
    same_file(whole, stopped, "model.safetensors");
  }
  params = small(resumed, sizeof resumed, "resumed");
  MUST(fcn_trainer_create(&trainer, &params));
  s = (state){trainer, 0, 0, 2, 0};
  EXPECT(FCN_E_ABORTED, fcn_trainer_run(trainer, watch, &s));
  fcn_trainer_free(trainer);
  params.resume = 1;
  MUST(fcn_trainer_create(&trainer, &params));
  MUST(fcn_trainer_run(trainer, NULL, NULL));
  fcn_trainer_free(trainer);
  same_file(whole, resumed, "model.safetensors");

  // What came out is a model, and can be gone on from.
  char path[8192], next[4096];
  fcn_model *model = NULL;
  snprintf(path, sizeof path, "%s/model.safetensors", whole);
  MUST(fcn_model_open(&model, path));
  fcn_model_info info = {.struct_size = sizeof info};
  MUST(fcn_model_get_info(&info, model));
  CHECK(info.class_count == 4 && strcmp(info.class_names[1], "sky") == 0);
  params = small(next, sizeof next, "next");
  params.start = model;
  params.epochs = 1;
  params.half_precision = 1;
  params.keep_every_epoch = 1;
  params.width = 0;        // the start's
  params.batch_norm = -1;  // as the start has it
  MUST(fcn_trainer_create(&trainer, &params));
  fcn_model_free(model);
  MUST(fcn_trainer_run(trainer, NULL, NULL));
  fcn_trainer_free(trainer);
  same_file(next, next, "epoch-0001.safetensors");
}

/** What the defaults choose learns, a limit ends it with FCN_OK, and more epochs go on where that is
 *  asked for. */
static void defaults(void) {
  char output[4096];
  fcn_trainer *trainer = NULL;
  fcn_trainer_params params;
  MUST(fcn_trainer_params_init(&params, sizeof params));
  CHECK(params.optimizer == FCN_OPTIMIZER_ADAMW && params.batch_norm == -1);
  snprintf(output, sizeof output, "%s/defaults", folder);
  params.data = data;
  params.output = output;
  params.time_limit = 1e-6;
  MUST(fcn_trainer_create(&trainer, &params));
  MUST(fcn_trainer_run(trainer, NULL, NULL));
  fcn_trainer_free(trainer);

  params = small(output, sizeof output, "longer");
  params.resume = 1;  // begins, since there is nothing yet
  MUST(fcn_trainer_create(&trainer, &params));
  MUST(fcn_trainer_run(trainer, NULL, NULL));
  fcn_trainer_free(trainer);
  params.epochs = 3;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_trainer_create(&trainer, &params));
  params.extend = 1;
  MUST(fcn_trainer_create(&trainer, &params));
  MUST(fcn_trainer_run(trainer, NULL, NULL));
  fcn_trainer_free(trainer);

  // What began with another's weights goes on without them.
  params = small(output, sizeof output, "from-weights");
  params.weights = weights;
  params.width = 0;
  params.batch_norm = -1;
  params.epochs = 1;
  MUST(fcn_trainer_create(&trainer, &params));
  MUST(fcn_trainer_run(trainer, NULL, NULL));
  fcn_trainer_free(trainer);
  params.resume = 1;
  MUST(fcn_trainer_create(&trainer, &params));
  fcn_trainer_free(trainer);
  params.weights = NULL;
  MUST(fcn_trainer_create(&trainer, &params));
  fcn_trainer_free(trainer);
}

static int32_t count(const fcn_train_progress *progress, void *user_data) {
  if (progress->event == FCN_TRAIN_MINIBATCH) ++*(int *)user_data;
  return 0;
}

/** A recipe's settings, what is changed of them, and a host whose header knew no recipes. */
static void recipes(void) {
  char output[4096];
  fcn_trainer *trainer = NULL;
  fcn_trainer_params params, modern;
  MUST(fcn_trainer_params_named(&params, sizeof params, "voc-fcn-alexnet"));
  CHECK(params.optimizer == FCN_OPTIMIZER_SGD && params.schedule == FCN_SCHEDULE_CONSTANT);
  CHECK(params.bias_rate == 2 && params.flip == 0 && params.scale_greatest == 1);
  CHECK(strcmp(params.recipe, "voc-fcn-alexnet") == 0 && params.accumulation == 0);
  MUST(fcn_trainer_params_named(&params, sizeof params, "modern"));
  MUST(fcn_trainer_params_init(&modern, sizeof modern));
  CHECK(memcmp(&params, &modern, sizeof params) == 0 && params.recipe == NULL);

  float class_weights[] = {1, 1, 2, 2};
  char rates[] = "conv=0,score=2";
  for (int old = 0; old <= 1; old++) {
    MUST(fcn_trainer_params_named(&params, sizeof params, old ? "modern" : "simple"));
    snprintf(output, sizeof output, "%s/recipe-%d", folder, old);
    params.data = data;
    params.output = output;
    params.width = 0.05f;
    params.learning_rate = 1e-4f;
    params.batch_size = 1;
    params.crop_width = params.crop_height = 32;
    params.threads = 1;
    params.iterations = 3;
    params.accumulation = 1;
    params.layer_rates = rates;
    params.class_weight_values = class_weights;
    params.class_weight_count = 4;
    if (old) {  // the last fields are not there for it
      params.struct_size = offsetof(fcn_trainer_params, recipe);
      params.epochs = 1;
      params.layer_rates = "nonsense";
    }
    MUST(fcn_trainer_create(&trainer, &params));
    int minibatches = 0;
    rates[0] = 'x';  // it was read, and is not kept
    class_weights[0] = NAN;
    MUST(fcn_trainer_run(trainer, count, &minibatches));
    CHECK(minibatches == (old ? 4 : 3));
    fcn_trainer_free(trainer);
    rates[0] = 'c';
    class_weights[0] = 1;
    if (old) continue;
    // It goes on as it was, and says so of what is to be otherwise.
    params.resume = 1;
    MUST(fcn_trainer_create(&trainer, &params));
    fcn_trainer_free(trainer);
    params.layer_rates = NULL;
    EXPECT(FCN_E_INVALID_ARGUMENT, fcn_trainer_create(&trainer, &params));
    CHECK(strstr(fcn_last_error_message(), "layer rates was conv=0.0,score=2.0") != NULL);
  }
}

int main(int argc, char **argv) {
  if (argc != 4) return EXIT_FAILURE;
  data = argv[2];
  folder = argv[3];
  weights = argv[1];
  fcn_model *model = NULL;
  MUST(fcn_model_open(&model, argv[1]));
  refusals(model);
  runs();
  defaults();
  recipes();
  fcn_model_free(model);
  return report();
}
