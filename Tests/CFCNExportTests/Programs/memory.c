// A process that may have little more memory than it has: large requests are refused, small ones are
// still served.
// usage: memory MODEL FOLDER

#define _DEFAULT_SOURCE
#include <sys/resource.h>

#include "check.h"

enum { side = 6000 };

/** Lets the process have `more` bytes of address space beyond what it uses now. */
static void leave(size_t more) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%ld", &pages) != 1) exit(EXIT_FAILURE);
  fclose(file);
  struct rlimit limit;
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = (rlim_t)pages * 4096 + more;
  if (setrlimit(RLIMIT_AS, &limit)) exit(EXIT_FAILURE);
}

int main(int argc, char **argv) {
  if (argc != 3) return EXIT_FAILURE;
  char path[4096];
  fcn_model *model = NULL;
  fcn_session *session = NULL;
  fcn_session_params params;
  fcn_pixels small = some_pixels(64, 48, 1), large = some_pixels(side, side, 2);
  MUST(fcn_model_open(&model, argv[1]));
  MUST(fcn_session_params_init(&params, sizeof params));
  params.threads = 1;
  MUST(fcn_session_create(&session, model, &params));
  size_t count;
  float *wanted = scores_of(session, &small, &count);

  // A strip of as many pixels as pictures may have; nothing of it is ever read.
  fcn_pixels strip = {malloc((size_t)3 << 28), 1 << 28, 1, 0, FCN_PIXELS_RGB8, 0};
  if (!strip.data) exit(EXIT_FAILURE);

  // A plain picture makes a small file.
  memset((void *)large.data, 77, (size_t)side * side * 3);
  fcn_image *image = NULL;
  snprintf(path, sizeof path, "%s/large.png", argv[2]);
  MUST(fcn_image_copy(&image, &large));
  MUST(fcn_image_save(image, path));
  fcn_image_free(image);
  size_t size;
  unsigned char *encoded = contents(path, &size);

  leave(40 << 20);
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_image_copy(&image, &large));
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_image_open(&image, path));
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_image_decode(&image, encoded, size));
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_segment_encoded(session, encoded, size));
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_segment(session, &large, 1));
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_segment(session, &strip, 1));
  strip.width = 1, strip.height = 1 << 28;
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_segment(session, &strip, 1));
  EXPECT(FCN_E_OUT_OF_MEMORY,
         fcn_overlay(&image, &large, large.data, (size_t)side * side, model, 0.5f));
  CHECK(image == NULL);
  // Labels are saved where they lie, and of one class make a small file.
  EXPECT(FCN_OK, fcn_labels_save(large.data, 3 * side, side, model, path));
  CHECK(gives(session, &small, wanted, count));

  free(encoded);
  free(wanted);
  free((void *)small.data);
  free((void *)large.data);
  free((void *)strip.data);
  fcn_session_free(session);
  fcn_model_free(model);
  return report();
}
