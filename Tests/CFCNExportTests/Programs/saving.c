// Several threads write one path while another reads it: every write succeeds, every read finds a whole
// picture, and nothing else is left in the folder.
// usage: saving FOLDER

#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

enum { writers = 3, rounds = 100, side = 60 };

static char path[4096];
static fcn_image *images[writers];
static int finished;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *write_all(void *argument) {
  fcn_image *image = *(fcn_image **)argument;
  for (int i = 0; i < rounds; i++) OK(fcn_image_save(image, path));
  pthread_mutex_lock(&lock);
  finished++;
  pthread_mutex_unlock(&lock);
  return NULL;
}

static int all_finished(void) {
  pthread_mutex_lock(&lock);
  int all = finished == writers;
  pthread_mutex_unlock(&lock);
  return all;
}

static int is_whole(const fcn_image *found) {
  fcn_pixels a, b;
  MUST(fcn_image_pixels(&a, found));
  for (int i = 0; i < writers; i++) {
    MUST(fcn_image_pixels(&b, images[i]));
    if (a.width == b.width && a.height == b.height &&
        memcmp(a.data, b.data, (size_t)a.width * (size_t)a.height * 3) == 0)
      return 1;
  }
  return 0;
}

static void a_race(void) {
  pthread_t ids[writers];
  MUST(fcn_image_save(images[0], path));
  for (int i = 0; i < writers; i++)
    if (pthread_create(&ids[i], NULL, write_all, &images[i])) exit(EXIT_FAILURE);
  do {
    fcn_image *found = NULL;
    OK(fcn_image_open(&found, path));
    CHECK(is_whole(found));
    fcn_image_free(found);
  } while (!all_finished());
  for (int i = 0; i < writers; i++) pthread_join(ids[i], NULL);
}

static int count_files(const char *folder) {
  int count = 0;
  DIR *listing = opendir(folder);
  if (!listing) exit(EXIT_FAILURE);
  for (struct dirent *entry; (entry = readdir(listing));) count += entry->d_name[0] != '.' ||
      strncmp(entry->d_name, ".fcn", 4) == 0;
  closedir(listing);
  return count;
}

// A link stays, the mode of what it points to too, and names may be as long as the system has them.
static void targets(const char *folder) {
  char link[4200], longest[4096 + 300], name[256];
  struct stat status;
  snprintf(link, sizeof link, "%s/link.png", folder);
  if (chmod(path, 0600) || symlink("race.png", link)) exit(EXIT_FAILURE);
  OK(fcn_image_save(images[1], link));
  CHECK(lstat(link, &status) == 0 && S_ISLNK(status.st_mode));
  CHECK(lstat(path, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 0777) == 0600);
  memset(name, 'n', 255);
  name[255] = 0;
  snprintf(longest, sizeof longest, "%s/%s", folder, name);
  OK(fcn_image_save(images[0], longest));
  OK(fcn_image_save(images[0], "/dev/null"));
  CHECK(lstat("/dev/null", &status) == 0 && S_ISCHR(status.st_mode));
  EXPECT(FCN_E_INPUT_OUTPUT, fcn_image_save(images[0], "/dev/full"));
  CHECK(count_files(folder) == 3);
}

int main(int argc, char **argv) {
  if (argc != 2) return EXIT_FAILURE;
  char folder[4000];
  snprintf(folder, sizeof folder, "%s/pictures", argv[1]);
  if (mkdir(folder, 0700)) return EXIT_FAILURE;
  snprintf(path, sizeof path, "%s/race.png", folder);
  for (int i = 0; i < writers; i++) {
    fcn_pixels pixels = some_pixels(side + i, side, (unsigned)i + 1);
    MUST(fcn_image_copy(&images[i], &pixels));
    free((void *)pixels.data);
  }
  a_race();
  targets(folder);
  for (int i = 0; i < writers; i++) fcn_image_free(images[i]);
  return report();
}
