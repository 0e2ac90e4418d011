// Segments a picture: writes its label map and an overlay, prints the share of each class.
//
//   cc -std=c99 segment.c $(pkg-config --cflags --libs fcn) -o segment
//   ./segment photo.jpg labels.png overlay.png [model.safetensors]

#include <fcn.h>
#include <stdio.h>
#include <stdlib.h>

static void check(fcn_status status) {
  if (status == FCN_OK) return;
  fprintf(stderr, "%s: %s\n", fcn_status_string(status), fcn_last_error_message());
  exit(EXIT_FAILURE);
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: %s PICTURE LABELS.png OVERLAY.png [MODEL]\n", argv[0]);
    return EXIT_FAILURE;
  }
  fcn_model *model;
  check(argc > 4 ? fcn_model_open(&model, argv[4]) : fcn_model_open_default(&model));
  fcn_session *session;
  check(fcn_session_create(&session, model, NULL));

  fcn_image *picture;
  check(fcn_image_open(&picture, argv[1]));
  fcn_pixels pixels;
  check(fcn_image_pixels(&pixels, picture));
  check(fcn_segment(session, &pixels, 1));

  size_t count = (size_t)pixels.width * (size_t)pixels.height;
  uint8_t *labels = malloc(count);
  if (!labels) return EXIT_FAILURE;
  check(fcn_result_labels(labels, count, NULL, session, 0));
  check(fcn_labels_save(labels, pixels.width, pixels.height, model, argv[2]));
  fcn_image *overlay;
  check(fcn_overlay(&overlay, &pixels, labels, count, model, 0.5f));
  check(fcn_image_save(overlay, argv[3]));

  fcn_model_info info = {.struct_size = sizeof info};
  check(fcn_model_get_info(&info, model));
  int64_t areas[FCN_LARGEST_CLASS_COUNT];
  check(fcn_result_areas(areas, FCN_LARGEST_CLASS_COUNT, NULL, session, 0));
  for (int32_t i = 0; i < info.class_count; i++) {
    if (areas[i] == 0) continue;
    double percent = 100.0 * (double)areas[i] / (double)count;
    printf("%-14s %6.2f %%\n", info.class_names[i], percent);
  }

  fcn_image_free(overlay);
  free(labels);
  fcn_image_free(picture);
  fcn_session_free(session);
  fcn_model_free(model);
  return EXIT_SUCCESS;
}
