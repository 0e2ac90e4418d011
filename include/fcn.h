/*
 * fcn.h: semantic segmentation with fully convolutional networks, for C and C++.
 *
 * A segmentation model reads a picture and says of every pixel what it shows. This library opens
 * such a model, runs it on pictures that the host hands over, and trains new ones. It needs no
 * initialisation, prints nothing, opens no network connection, writes no file that it was not
 * asked for, and reports every failure as a status: no input, however damaged, ends the host.
 *
 * What is public
 *   What this header declares. Any other symbol, in the library or in its sources, may change
 *   without notice.
 *
 * An example, which is examples/c/segment.c
 *
 *     // Segments a picture: writes its label map and an overlay, prints the share of each class.
 *     //
 *     //   cc -std=c99 segment.c $(pkg-config --cflags --libs fcn) -o segment
 *     //   ./segment photo.jpg labels.png overlay.png [model.safetensors]
 *
 *     #include <fcn.h>
 *     #include <stdio.h>
 *     #include <stdlib.h>
 *
 *     static void check(fcn_status status) {
 *       if (status == FCN_OK) return;
 *       fprintf(stderr, "%s: %s\n", fcn_status_string(status), fcn_last_error_message());
 *       exit(EXIT_FAILURE);
 *     }
 *
 *     int main(int argc, char **argv) {
 *       if (argc < 4) {
 *         fprintf(stderr, "usage: %s PICTURE LABELS.png OVERLAY.png [MODEL]\n", argv[0]);
 *         return EXIT_FAILURE;
 *       }
 *       fcn_model *model;
 *       check(argc > 4 ? fcn_model_open(&model, argv[4]) : fcn_model_open_default(&model));
 *       fcn_session *session;
 *       check(fcn_session_create(&session, model, NULL));
 *
 *       fcn_image *picture;
 *       check(fcn_image_open(&picture, argv[1]));
 *       fcn_pixels pixels;
 *       check(fcn_image_pixels(&pixels, picture));
 *       check(fcn_segment(session, &pixels, 1));
 *
 *       size_t count = (size_t)pixels.width * (size_t)pixels.height;
 *       uint8_t *labels = malloc(count);
 *       if (!labels) return EXIT_FAILURE;
 *       check(fcn_result_labels(labels, count, NULL, session, 0));
 *       check(fcn_labels_save(labels, pixels.width, pixels.height, model, argv[2]));
 *       fcn_image *overlay;
 *       check(fcn_overlay(&overlay, &pixels, labels, count, model, 0.5f));
 *       check(fcn_image_save(overlay, argv[3]));
 *
 *       fcn_model_info info = {.struct_size = sizeof info};
 *       check(fcn_model_get_info(&info, model));
 *       int64_t areas[FCN_LARGEST_CLASS_COUNT];
 *       check(fcn_result_areas(areas, FCN_LARGEST_CLASS_COUNT, NULL, session, 0));
 *       for (int32_t i = 0; i < info.class_count; i++) {
 *         if (areas[i] == 0) continue;
 *         double percent = 100.0 * (double)areas[i] / (double)count;
 *         printf("%-14s %6.2f %%\n", info.class_names[i], percent);
 *       }
 *
 *       fcn_image_free(overlay);
 *       free(labels);
 *       fcn_image_free(picture);
 *       fcn_session_free(session);
 *       fcn_model_free(model);
 *       return EXIT_SUCCESS;
 *     }
 *
 * Names and arguments
 *   Functions that can fail return fcn_status. Outputs come first, then the object, then inputs.
 *   Where a call fails, `*out` of a creating function is NULL, and other outputs hold nothing of
 *   use unless the description says otherwise.
 *   A pointer may be NULL only where its description says so; elsewhere NULL, like any value
 *   outside its stated range, is FCN_E_INVALID_ARGUMENT. Strings are UTF-8 and end with a NUL.
 *
 * Ownership
 *   What a function hands out through `**out` belongs to the caller, who frees it with the function
 *   of that name (fcn_model_free for an fcn_model, and so on; each accepts NULL). What any other
 *   function hands out is borrowed: it lives as long as the object it was asked of, or as its
 *   description says. Arguments are read during the call and not kept, unless the description says
 *   otherwise. Never free the library's memory with free(), nor the host's with the library.
 *
 * Structs that may grow
 *   Every struct that begins with `struct_size` may gain fields at its end in later releases.
 *   - Parameters: fill them with their ..._init function, passing sizeof, then set what matters.
 *     A program built with an older header gets defaults for the fields it does not know. One
 *     built with a newer header is accepted as long as the fields that this library does not know
 *     are zero, and refused with FCN_E_INVALID_ARGUMENT otherwise. Where a pointer to parameters
 *     may be NULL, that stands for all defaults.
 *   - Inputs without such a function: set all fields, struct_size to sizeof.
 *   - Outputs: set struct_size to sizeof before the call. The library writes the fields that both
 *     sides know and zeroes the rest.
 *   - Structs handed to a callback: struct_size tells which fields this library filled in.
 *   Structs without that field are complete and stay as they are.
 *
 * Threads
 *   Functions without an object may be called from any thread at any time, with a stack of 128 KB
 *   at least. What an object allows stands at its type. A process that forks may go on using its
 *   objects in the child, provided no call on them was running at the time of the fork, which of a
 *   model means on its sessions too. Not so once FCN_BACKEND_CUDA has been asked for: NVIDIA's driver
 *   does not survive a fork. In the child, calls on sessions and trainers that the parent made on a
 *   device fail with FCN_E_INVALID_STATE, and making new ones there with FCN_E_UNAVAILABLE; the old
 *   ones may be freed. All else goes on. Fork before the backend is first asked for, or start the
 *   child anew (exec).
 *
 * Memory
 *   A call that finds too little memory returns FCN_E_OUT_OF_MEMORY and leaves its objects usable.
 *   What a picture, a file or a parameter can make large is allocated so that it can fail, or asked
 *   for beforehand, together with room for the small objects of the call. What cannot be reported:
 *   a small allocation of the Swift runtime that fails all the same, because another thread took
 *   that room within the call, or because a limit on address space leaves less than a few
 *   megabytes when the library is first used, ends the process. Threads that the system refuses
 *   are done without. Training on the processor wants 129 MB of address space for each thread, for
 *   its products of matrices.
 *
 * The processor
 *   Loops for wider instruction sets run where the processor has them. On Linux the first session
 *   asks the system to let the process use the tiles of AMX, where there are some and FCN_CPU does
 *   not name another set. Signal stacks of the process must then have room for them: the system
 *   tells how much by sysconf(_SC_MINSIGSTKSZ), and says no where a smaller one is in use already,
 *   which leaves the loops without tiles.
 *
 * Numbers
 *   Layers and trainings compute alike on all threads, whatever the calling thread has set
 *   (fesetround, feenableexcept, -ffast-math): rounded to nearest, without traps, and with 0 for
 *   numbers below 1.2e-38 in size, which processors are many times slower with. The thread has its
 *   own settings again where the call returns, and in the callbacks that run on it. What is NaN or
 *   infinite becomes no label: see FCN_E_NOT_FINITE.
 *
 * Callbacks
 *   They run on the thread that made the call, except the allocator's, and get the `user_data` that
 *   came with them last. Those that return int32_t all read alike: 0 goes on, anything else stops.
 *   A stopped call returns FCN_E_ABORTED, and its object can be used again. Inside a callback any
 *   function may be called except those on the object whose call is running, which answer
 *   FCN_E_INVALID_STATE; that object must not be freed there. A callback must return: no longjmp
 *   and no C++ exception may leave it.
 */
#ifndef FCN_H
#define FCN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * ---- Markers ----------------------------------------------------------------------------------
 */

/** Marks a function whose use warns: it will go, at the earliest with the second minor release
 *  after the one that first marked it. `advice` names what to use instead. */
#if defined(__GNUC__) || defined(__clang__)
#define FCN_DEPRECATED(advice) __attribute__((deprecated(advice)))
#else
#define FCN_DEPRECATED(advice)
#endif

/** Marks what may still change, in any release, without a new ABI version. */
#define FCN_EXPERIMENTAL

/*
 * ---- Version ----------------------------------------------------------------------------------
 * Releases are numbered by semantic versioning. The ABI version, which is the number in the name
 * libfcn.so.1, changes only where a program built against an earlier header would break.
 */

/** Grows where programs may have to change; while it is 0, FCN_VERSION_MINOR does. */
#define FCN_VERSION_MAJOR 0
/** Grows with additions. */
#define FCN_VERSION_MINOR 1
/** Grows with corrections. */
#define FCN_VERSION_PATCH 0
/** The version of this header as text. */
#define FCN_VERSION "0.1.0"
/** The version of this header as one number that grows: major * 1000000 + minor * 1000 + patch.
 *  */
#define FCN_VERSION_NUMBER \
  (FCN_VERSION_MAJOR * 1000000 + FCN_VERSION_MINOR * 1000 + FCN_VERSION_PATCH)
/** The binary interface that this header describes. */
#define FCN_ABI_VERSION 1

/** The library's FCN_VERSION; lives as long as the process. */
const char *fcn_version(void);
/** The library's FCN_VERSION_NUMBER. At least the header's, if all that it declares is to be
 *  there. */
int32_t fcn_version_number(void);
/** The library's FCN_ABI_VERSION. A host that loads the library at run time refuses it if this is
 *  not the header's. */
int32_t fcn_abi_version(void);

/*
 * ---- Errors -----------------------------------------------------------------------------------
 */

/** What became of a call: FCN_OK, or one of the negative codes below. Later releases may add
 *  codes, but never renumber them: treat one you do not know as a failure. */
typedef int32_t fcn_status;

enum {
  /** Done. */
  FCN_OK = 0,
  /** An argument or parameter is outside what is documented for it. */
  FCN_E_INVALID_ARGUMENT = -1,
  /** No file, folder, class, architecture or result of that name or number. */
  FCN_E_NOT_FOUND = -2,
  /** The system refused to read or write; the message carries its reason. */
  FCN_E_INPUT_OUTPUT = -3,
  /** The data is of a kind that is not understood, or uses a feature that is not. */
  FCN_E_UNSUPPORTED = -4,
  /** The data claims to be of a known kind but contradicts itself or ends early. */
  FCN_E_CORRUPT = -5,
  /** Sizes that must agree do not; the message names the layer, tensor or buffer. */
  FCN_E_SHAPE_MISMATCH = -6,
  /** The system or the host's allocator gave no memory, or a documented limit on sizes was
   *  passed. */
  FCN_E_OUT_OF_MEMORY = -7,
  /** A callback asked to stop; the object can be used again. */
  FCN_E_ABORTED = -8,
  /** A loss, gradient, weight or score is NaN or infinite; the message names the layer. Weights are
   *  looked at when they are first used, and by fcn_model_check, not when a model is opened. */
  FCN_E_NOT_FINITE = -9,
  /** The caller's buffer is too small; nothing was written to it. */
  FCN_E_BUFFER_TOO_SMALL = -10,
  /** The call is not possible in the object's present state, or another call on it is running. */
  FCN_E_INVALID_STATE = -11,
  /** A defect in this library. Please report it with the message. */
  FCN_E_INTERNAL = -12,
  /** What was asked for cannot be had on this machine: a device, or a library that it needs. */
  FCN_E_UNAVAILABLE = -13,
  /** A device or one of its libraries failed; the message carries the call and what it said. */
  FCN_E_DEVICE = -14
};

/** What `status` means, in a few words of English; lives as long as the process, never NULL. */
const char *fcn_status_string(fcn_status status);

/** What the last call that failed on this thread has to say: what was found, what was wanted,
 *  what to do. Never NULL; "" if none has failed yet. Read it on the thread that failed, before
 *  the next call there fails; after a call that succeeded it means nothing. */
const char *fcn_last_error_message(void);

/*
 * ---- Logging ----------------------------------------------------------------------------------
 */

enum {
  /** Something was wrong that no status can tell, such as a free of what is not an object. */
  FCN_LOG_ERROR = 1,
  /** Something works but is probably not what was meant. */
  FCN_LOG_WARNING = 2,
  /** What was opened, made and saved. */
  FCN_LOG_INFO = 3
};

/** Takes a message of FCN_LOG_ERROR or another `level`: one line, alive during the call. */
typedef void (*fcn_log_callback)(int32_t level, const char *message, void *user_data);

/** Sends messages up to and including `most_verbose_level` to `callback`, on whichever thread
 *  they arise and on several at a time; NULL, as at the start, for none. One setting for the
 *  process. A call that is running may still send one message to the callback that was set
 *  before. */
fcn_status fcn_log_set(int32_t most_verbose_level, fcn_log_callback callback, void *user_data);

/*
 * ---- What this library can do -----------------------------------------------------------------
 */

enum {
  /** Version, compiler and build, for a bug report. */
  FCN_ABOUT_BUILD = 1,
  /** The processor, and how many of its cores the process may use. */
  FCN_ABOUT_CPU = 2,
  /** The matrix library, its version, the core it is tuned for, and whether it is a private copy.
   *  */
  FCN_ABOUT_BLAS = 3,
  /** The architectures that can be opened and trained, separated by commas. */
  FCN_ABOUT_ARCHITECTURES = 4
};

/** A line of text on `topic`, one of FCN_ABOUT_BUILD and so on; lives as long as the process,
 *  never NULL, "" for a topic that is not known. */
const char *fcn_about(int32_t topic);

/** What a model can run on. */
typedef struct fcn_backend_info {
  /** sizeof(fcn_backend_info), set by the caller. */
  uint32_t struct_size;
  /** 1 if it can be used on this machine, 0 if not. */
  int32_t available;
  /** Its name, "cpu" for one; lives as long as the process. */
  const char *name;
  /** What it is or, where it is not available, why; lives as long as the process. Of "cuda": which
   *  libraries were found, in which versions, and the devices. */
  const char *description;
  /** Devices, counted from 0 in fcn_session_params.device. */
  int32_t device_count;
  /** 0. */
  int32_t reserved;
} fcn_backend_info;

enum {
  /** The processor's cores. */
  FCN_BACKEND_CPU = 0,
  /** NVIDIA's devices of compute capability 7.0 or later. Their libraries, the driver and NVRTC,
   *  are looked for when something first asks for the backend: in the folder that
   *  fcn_cuda_set_folders names, where the system's loader looks, in CUDA_HOME and CUDA_PATH, in
   *  /usr/local/cuda, and among the nvidia-* packages of the Python environment that is active. */
  FCN_BACKEND_CUDA = 1
};

/** Names a folder where NVIDIA's libraries are looked for before all others, and one in which
 *  kernels, once compiled, are kept for later processes; without it they are compiled anew in
 *  every process, which takes a second or two. NULL for either leaves it to the environment
 *  variables FCN_CUDA_LIBRARIES and FCN_KERNEL_CACHE. FCN_E_INVALID_STATE once the backend has been
 *  asked for. One setting for the process. */
fcn_status fcn_cuda_set_folders(const char *libraries, const char *kernel_cache);

/** How many backends are known to this library, available or not. */
int32_t fcn_backend_count(void);
/** Describes backend `index`, 0 to fcn_backend_count() - 1; FCN_BACKEND_CPU and so on are those
 *  numbers. */
fcn_status fcn_backend_get_info(fcn_backend_info *out, int32_t index);

/*
 * ---- Memory -----------------------------------------------------------------------------------
 */

/** Where a session's large blocks come from: activations, scratch memory, kept results. Weights
 *  belong to the model; they and small objects use the system's allocator. Called from any
 *  thread, several at a time. */
typedef struct fcn_allocator {
  /** sizeof(fcn_allocator). */
  uint32_t struct_size;
  /** Gives `size` bytes, at least 1, at a multiple of `alignment`, a power of two; NULL where
   *  there are none, which makes the call that wanted them return FCN_E_OUT_OF_MEMORY. */
  void *(*allocate)(size_t size, size_t alignment, void *user_data);
  /** Takes back a block of `size` bytes that `allocate` gave. */
  void (*release)(void *block, size_t size, void *user_data);
  /** Handed to both; must live until the last block has been released. */
  void *user_data;
} fcn_allocator;

/*
 * ---- Pictures ---------------------------------------------------------------------------------
 */

enum {
  /** 3 bytes a pixel: red, green, blue. */
  FCN_PIXELS_RGB8 = 1,
  /** 3 bytes a pixel: blue, green, red (OpenCV). */
  FCN_PIXELS_BGR8 = 2,
  /** 4 bytes a pixel: red, green, blue, alpha; alpha is ignored. */
  FCN_PIXELS_RGBA8 = 3,
  /** 4 bytes a pixel: blue, green, red, alpha; alpha is ignored. */
  FCN_PIXELS_BGRA8 = 4,
  /** 1 byte a pixel: grey. */
  FCN_PIXELS_GREY8 = 5
};

/** Pixels in the caller's memory. This struct is complete and stays as it is. */
typedef struct fcn_pixels {
  /** The first of (height - 1) * row_stride + width * bytes per pixel bytes, rows from the top.
   *  */
  const void *data;
  /** Columns, at least 1. Width times height is at most 2^28. */
  int32_t width;
  /** Rows, at least 1. */
  int32_t height;
  /** Bytes from the start of a row to that of the next, at least width * bytes per pixel; 0
   *  stands for exactly that. */
  size_t row_stride;
  /** FCN_PIXELS_RGB8 or another format. */
  int32_t format;
  /** 0. */
  int32_t reserved;
} fcn_pixels;

/** A picture that belongs to the library: decoded from a file, or drawn by it. 8-bit RGB.
 *  Unchanging: any number of threads may read it at a time. */
typedef struct fcn_image fcn_image;

/** Decodes the PNG or JPEG file at `path`, which may be a pipe: any depth, grey, palette or colour;
 *  alpha is dropped and the orientation that a camera noted is applied. Where libtiff 4.5 or later is
 *  installed (libtiff.so.6, loaded at the first), also the first picture of a TIFF: grey, RGB or palette
 *  of 8 bits. Of what begins as none of them, no more than the beginning is read. */
fcn_status fcn_image_open(fcn_image **out, const char *path);
/** Decodes such a file that stands in memory, `size` bytes of it. */
fcn_status fcn_image_decode(fcn_image **out, const void *bytes, size_t size);
/** Copies pixels of any format and stride. */
fcn_status fcn_image_copy(fcn_image **out, const fcn_pixels *pixels);
/** Gives the image's pixels, FCN_PIXELS_RGB8 without gaps between rows, borrowed from `image`. */
fcn_status fcn_image_pixels(fcn_pixels *out, const fcn_image *image);
/** Writes the image to `path` as a PNG file, in place of what stood there; FCN_E_INVALID_ARGUMENT where
 *  that ends as another kind of picture does, as with .jpg. As all that this library writes, the file
 *  is whole at any moment: it is written under a name of its own in the same folder and then takes the
 *  place of the old one, whose mode it keeps; a symbolic link stays, and what it points to is replaced.
 *  A pipe or a device is written to as it is. */
fcn_status fcn_image_save(const fcn_image *image, const char *path);
/** Frees an image; NULL is allowed. */
void fcn_image_free(fcn_image *image);

/*
 * ---- Models -----------------------------------------------------------------------------------
 */

/** Most classes that a model can have. */
#define FCN_LARGEST_CLASS_COUNT 255
/** The label of pixels whose class nobody can say, in the truth that a person drew. */
#define FCN_IGNORE_LABEL 255

/** Weights, and all that a file says of them. Unchanging: any number of threads, sessions and
 *  trainers may use it at a time. It may be freed while sessions and trainers made from it live
 *  on; they keep what they need. */
typedef struct fcn_model fcn_model;

/** Opens the model file at `path`. The file is mapped, not read whole, and must not be changed
 *  while the model or a session made from it lives; replacing it by renaming another over it is
 *  safe. */
fcn_status fcn_model_open(fcn_model **out, const char *path);
/** Opens the default model. The first of these places that is set or exists decides:
 *    1. the path in the environment variable FCN_MODEL,
 *    2. ../share/fcn/default.safetensors, relative to the folder that libfcn was loaded from,
 *    3. ../../share/fcn/default.safetensors, for libraries in lib/x86_64-linux-gnu,
 *    4. default.safetensors in that folder.
 *  FCN_E_NOT_FOUND if there is none; the message lists the places. */
fcn_status fcn_model_open_default(fcn_model **out);
/** Opens a model file that stands in memory, `size` bytes of it. They are copied. */
fcn_status fcn_model_open_memory(fcn_model **out, const void *bytes, size_t size);
/** Opens a model file that stands in memory, without copying it. The bytes must stay as they are
 *  until `release` is called, which happens once, on any thread, when neither the model nor a
 *  session or trainer made from it reads them any more; NULL for bytes that stay until the
 *  process ends. If the call fails, `release` is not called: the bytes are the caller's as
 *  before. */
fcn_status fcn_model_open_borrowed(fcn_model **out, const void *bytes, size_t size,
                                   void (*release)(void *user_data), void *user_data);

/** Reads the next part of a model file. Puts up to `capacity` bytes, at least 1, into `buffer`
 *  and their number into `*count`, 0 at the end of the file. Returns 0, or another value to give
 *  up. */
typedef int32_t (*fcn_read_callback)(void *buffer, size_t capacity, size_t *count, void *user_data);

/** Opens a model file that `read` supplies from its first byte to its last. The file's header tells
 *  how long it is; a reader that goes on after that is FCN_E_CORRUPT. */
fcn_status fcn_model_open_reader(fcn_model **out, fcn_read_callback read, void *user_data);

/** Frees a model; NULL is allowed. */
void fcn_model_free(fcn_model *model);

/** What a model says of itself. */
typedef struct fcn_model_info {
  /** sizeof(fcn_model_info), set by the caller. */
  uint32_t struct_size;
  /** Classes that it tells apart, 2 to FCN_LARGEST_CLASS_COUNT. */
  int32_t class_count;
  /** A name for each class; borrowed from the model. */
  const char *const *class_names;
  /** A colour for each class, as class_count times red, green and blue; borrowed from the model.
   *  */
  const uint8_t *palette;
  /** The name of its architecture, "fcn-simple" for one, or "graph" where its file describes the
   *  network itself; borrowed from the model. */
  const char *architecture;
  /** Free text: what it was trained on, and how well it does; borrowed from the model. */
  const char *note;
  /** Weights in all. */
  int64_t parameter_count;
  /** Factor on the channel counts of the architecture's published form; 1 for a graph. */
  float width;
  /** 1 if it normalises by batch statistics, 0 if not. */
  int32_t batch_norm;
  /** 1 if it has the ranges of values that FCN_PRECISION_INT8 needs, 0 if those are measured on a
   *  session's first pictures: see fcn_model_calibrate. */
  int32_t calibrated;
  /** 0. */
  int32_t reserved;
} fcn_model_info;

/** Describes `model`. */
fcn_status fcn_model_get_info(fcn_model_info *out, const fcn_model *model);

/** Reads all weights of `model`: FCN_E_NOT_FINITE, with the name of the tensor, where one is NaN or
 *  infinite. Opening a model reads none, and segmenting finds the same in those that it uses. */
fcn_status fcn_model_check(const fcn_model *model);

/** Gives the network of `model`, of whichever architecture, as JSON to read and change: what
 *  `fcn info --graph` prints, and fcn_trainer_params.graph takes; docs/model-format.md describes it.
 *  `*json` is borrowed from the model. */
fcn_status fcn_model_get_graph(const char **json, const fcn_model *model);

enum {
  /** The network sees the picture at its own size. */
  FCN_SIZE_NATIVE = 0,
  /** The picture is stretched to size_width by size_height pixels. */
  FCN_SIZE_EXACT = 1,
  /** The picture is scaled so that its longer side has size_width pixels. */
  FCN_SIZE_LONGEST_SIDE = 2,
  /** As FCN_SIZE_LONGEST_SIDE, but smaller pictures stay as they are. */
  FCN_SIZE_AT_MOST = 3
};

enum {
  /** Red, green, blue. */
  FCN_CHANNELS_RGB = 0,
  /** Blue, green, red: networks that come from Caffe. */
  FCN_CHANNELS_BGR = 1,
  /** One channel of luma, 0.299 R + 0.587 G + 0.114 B. */
  FCN_CHANNELS_GREY = 2
};

/** How a picture becomes a network's input. It is a part of the model, applied by fcn_segment: a
 *  host hands over its pixels as they are. */
typedef struct fcn_preprocessing {
  /** sizeof(fcn_preprocessing), set by the caller. */
  uint32_t struct_size;
  /** FCN_SIZE_NATIVE or another rule. */
  int32_t size_rule;
  /** Pixels, 1 to 16384, where the rule names a size; 0 otherwise. */
  int32_t size_width;
  /** Pixels, 1 to 16384, for FCN_SIZE_EXACT; 0 otherwise. */
  int32_t size_height;
  /** FCN_CHANNELS_RGB or another order. */
  int32_t channel_order;
  /** Subtracted from each channel, in units of 0..255, in channel order: finite; 0 for channels
   *  that are not there. */
  float mean[3];
  /** What each channel is multiplied by after that, in channel order: finite; not looked at for
   *  channels that are not there. */
  float scale[3];
  /** 0. */
  int32_t reserved;
} fcn_preprocessing;

/** Fills `out`, whose struct_size the caller has set, with a usual rule: "torchvision" (ImageNet's
 *  means and deviations), "caffe" (blue, green, red and the means of Caffe's VGG and FCNs), "grey",
 *  or "unit" (values from 0 to 1). FCN_E_NOT_FOUND where there is none of that name. */
fcn_status fcn_preprocessing_named(fcn_preprocessing *out, const char *name);

/** Tells how `model` wants its pictures. */
fcn_status fcn_model_get_preprocessing(fcn_preprocessing *out, const fcn_model *model);

/** What an import is told beyond what the file says. */
typedef struct fcn_import_params {
  /** Set by fcn_import_params_init. */
  uint32_t struct_size;
  /** Names in class_names, 1 to FCN_LARGEST_CLASS_COUNT, as many as the network has scores; one
   *  name is for a network of one score, and "background" comes before it. 0, the default, where
   *  there are none. */
  int32_t class_count;
  /** Which network the weights are, "fcn8s-atonce" for one, where their names and shapes leave it
   *  open; NULL, the default, otherwise. */
  const char *architecture;
  /** A name for each class, no two alike; NULL, the default, for VOC's where there are 21 and
   *  numbers otherwise. */
  const char *const *class_names;
  /** How pictures become the network's input; NULL, the default, for what networks of the file's
   *  kind were trained with: blue, green, red and Caffe's means for Caffe's, Chainer's and their
   *  like, torchvision's for torchvision's. */
  const fcn_preprocessing *preprocessing;
  /** Free text that the model carries; NULL, the default, for none. */
  const char *note;
  /** Renamings, "from=to" each: a tensor or layer that the file calls from, or whose name begins
   *  with it up to a dot, is taken for what the network calls to. All are done at once, so that
   *  "a=b" and "b=a" swap. NULL, the default, for none. */
  const char *const *renames;
  /** Strings in renames, 0 to 1024; 0 is the default. */
  int32_t rename_count;
  /** Names of each kind that the message of a failed import lists, 1 to 1000000; 0, the default,
   *  for a few. */
  int32_t longest_list;
  /** Of an ONNX file the name of the output whose scores are taken, or of any value within the graph: what
   *  follows from it is left out. NULL, the default, for the first output. */
  const char *graph_output;
} fcn_import_params;

/** What an import did beyond finding a place for every tensor. The pointers are good as long as the
 *  model. */
typedef struct fcn_import_info {
  /** sizeof(fcn_import_info), set by the caller. */
  uint32_t struct_size;
  /** Names in left_out. */
  int32_t left_out_count;
  /** Tensors of the file that the model does without: an auxiliary head of other classes, a loss's
   *  weights, what stands beside the network. */
  const char *const *left_out;
  /** Parameters that the file does not have, made bilinear as the FCN papers have them. */
  const char *const *filled_in;
  /** Names in filled_in. */
  int32_t filled_in_count;
  /** 1 where the preprocessing is the usual one for weights of this kind, since neither the file
   *  nor fcn_import_params says which one they were trained with; 0 otherwise. */
  int32_t preprocessing_assumed;
  /** Of an ONNX graph that takes means off and divides by deviations itself, the largest value that it
   *  seems to take pictures to have, 1 or 255; 0 otherwise. Where no preprocessing is given pictures go in
   *  so. One that is given comes before what the graph does. */
  float normalised_range;
} fcn_import_info;

/** Fills `params` with defaults; `struct_size` is sizeof(fcn_import_params). */
fcn_status fcn_import_params_init(fcn_import_params *params, uint32_t struct_size);

/** Makes a model of weights that another framework wrote: a Caffe .caffemodel, a Chainer .npz or
 *  pickled model, a PyTorch .pth or .pt, or safetensors; or of an ONNX file, which holds a network of
 *  its own with its weights. What the file is, and which network its weights are, is told from its
 *  contents, never from its name; nothing in it is executed. It is mapped as fcn_model_open maps;
 *  weights of an ONNX file may lie in files beside it, which are looked for in its folder alone.
 *  `params` may be NULL.
 *
 *  Of an ONNX file the architecture and renames must not be given. A softmax, sigmoid or argmax at its
 *  end is left out; of a fixed size of input the size rule is made. FCN_E_UNSUPPORTED, with the node's
 *  name, operation and settings, where the network cannot be expressed.
 *
 *  FCN_E_SHAPE_MISMATCH where tensors are missing, left over or of another shape than the nearest
 *  network wants, and FCN_E_INVALID_ARGUMENT where they fit several; the message lists some.
 *  FCN_E_NOT_FOUND where nothing has the old name of a renaming. FCN_E_UNSUPPORTED for what is no
 *  such file, for a pickle that asks for something that could do harm, and for a classifier's
 *  weights without class scores, which are for fcn_trainer_params.weights. */
fcn_status fcn_model_import(fcn_model **out, const char *path, const fcn_import_params *params);

/** Tells what the import of `model` did; of a model that was not imported, that it did nothing. */
fcn_status fcn_model_get_import_info(fcn_import_info *out, const fcn_model *model);

enum {
  /** 32-bit floats. */
  FCN_ELEMENTS_F32 = 0,
  /** 16-bit floats: half the size, weights rounded to 11 bits. */
  FCN_ELEMENTS_F16 = 1
};

/** Writes `model` as a model file, its weights as `elements` says, FCN_ELEMENTS_F32 or
 *  FCN_ELEMENTS_F16. What stood at `path` is whole until the new file is. */
fcn_status fcn_model_save(const fcn_model *model, const char *path, int32_t elements);

/*
 * ---- Segmentation -----------------------------------------------------------------------------
 */

/** The memory and the threads in which a model runs, and the results of its last run. Belongs to
 *  one thread at a time; it may pass from one to another between calls. Threads that segment at
 *  the same time make a session each from the one model. */
typedef struct fcn_session fcn_session;

enum {
  /** 32-bit floating point. */
  FCN_PRECISION_FLOAT32 = 0,
  /** 16-bit integers, of which 13 bits are used, with a scale for every row and column of each
   *  matrix product: weights take half the memory, and most networks are quicker. Scores differ
   *  from float32's by some thousandths of their range. Sums, values between layers, scores and
   *  the layers that make them stay float32. */
  FCN_PRECISION_INT16 = 1,
  /** On FCN_BACKEND_CUDA, compute capability 8.0: 32-bit floating point, factors rounded to 10
   *  bits after the first. */
  FCN_PRECISION_TF32 = 2,
  /** On FCN_BACKEND_CUDA: values between layers in half precision, sums and scores in 32 bits. */
  FCN_PRECISION_FLOAT16 = 3,
  /** On FCN_BACKEND_CUDA, compute capability 8.0: the same in bfloat16. Of FCN_BACKEND_CPU in training
   *  alone, where the processor has AVX512_BF16: factors of 3x3 convolutions' products. */
  FCN_PRECISION_BFLOAT16 = 4,
  /** On FCN_BACKEND_CPU: values between layers are bytes, with a scale and a zero for every channel,
   *  and products are of integers: quicker than FCN_PRECISION_INT16. Scores differ from float32's by
   *  one to seven hundredths of their range in most networks of ordinary convolutions, and by far more in
   *  those of depthwise ones (MobileNets, EfficientNet), for which FCN_PRECISION_INT16 is better:
   *  compare before you use it. Ranges of values come from the model, if it was calibrated, else from
   *  the pictures that a session sees first, of which the log tells: results then depend on which
   *  those were. Scores and the layers that make
   *  them stay float32. */
  FCN_PRECISION_INT8 = 5
};

/** How a session runs. */
typedef struct fcn_session_params {
  /** Set by fcn_session_params_init. */
  uint32_t struct_size;
  /** Threads to work with, the calling one among them, at most 1024; 0, the default, for one on
   *  each core that the process may use. Results do not depend on it, to the last bit. */
  int32_t threads;
  /** Most pictures, 1 to 64, of those that follow one another and are of one size, that go
   *  through the network together; 8 is the default. Memory grows with it. */
  int32_t largest_batch;
  /** What convolutions multiply: FCN_PRECISION_FLOAT32, the default, or another that the backend
   *  has. */
  int32_t precision;
  /** Names, separated by commas, of fast forms of layers to do without, to find out whether one
   *  of them is at fault; NULL, the default, for none. `fcn info --model M` lists them. The
   *  environment variable FCN_CPU, set to portable, avx2, avx512, avx512vnni, avx512bf16 or amx, names
   *  the instruction set to run on; with one that the processor lacks, segmenting fails with
   *  FCN_E_INVALID_ARGUMENT. */
  const char *disabled_forms;
  /** Where large blocks come from, copied; NULL, the default, for the system's allocator. */
  const fcn_allocator *allocator;
  /** What the network runs on: FCN_BACKEND_CPU, the default, or FCN_BACKEND_CUDA. */
  int32_t backend;
  /** Which of the backend's devices, counted from 0; FCN_BACKEND_CPU has no other than 0. */
  int32_t device;
  /** Most pixels, width times height, of a picture: one with more is FCN_E_OUT_OF_MEMORY before
   *  anything is decoded or allocated for it. 0, the default, and anything above it, for 2^28; of
   *  fcn_segment_stream 0 is no limit. */
  uint64_t largest_picture;
  /** Most bytes that the network may take, for its activations, scratch memory and weights as it
   *  reads them, which are counted whole though sessions of one model share them; on
   *  FCN_BACKEND_CUDA, bytes of the device for activations. What would need more is
   *  FCN_E_OUT_OF_MEMORY before anything is allocated for it, and the message says how much. Results
   *  that are kept, of several pictures, come on top. 0, the default, for no limit. */
  uint64_t largest_memory;
} fcn_session_params;

/** Fills `params` with defaults; `struct_size` is sizeof(fcn_session_params). */
fcn_status fcn_session_params_init(fcn_session_params *params, uint32_t struct_size);

/** Makes a session for `model`. `params` may be NULL. */
fcn_status fcn_session_create(fcn_session **out, const fcn_model *model,
                              const fcn_session_params *params);
/** Frees a session; NULL is allowed. */
void fcn_session_free(fcn_session *session);

/** How far fcn_segment has come. */
typedef struct fcn_segment_progress {
  /** Bytes of this struct that the library filled in. */
  uint32_t struct_size;
  /** Pictures that are done. */
  int32_t pictures_done;
  /** Pictures of this call. */
  int32_t picture_count;
  /** Part of the work that is done, 0 to 1; 1 in the last call, when all pictures are done. */
  float fraction;
  /** Since the call began, in milliseconds. */
  double elapsed_ms;
} fcn_segment_progress;

/** Told of progress, before every layer, once at the end, and on FCN_BACKEND_CPU also within layers,
 *  some fifty times a second while the network is made ready and runs; returns 0 to go on. A picture
 *  that comes as a file is decoded before the first call. */
typedef int32_t (*fcn_segment_callback)(const fcn_segment_progress *progress, void *user_data);

/** Has `callback` told of the progress of every later fcn_segment call; NULL, as at the start,
 *  for none. `user_data` must live as long as it is set. */
fcn_status fcn_session_set_progress(fcn_session *session, fcn_segment_callback callback,
                                    void *user_data);

/** Measures, on `count` pictures of the kind that `model` is for (some dozen), the ranges of values
 *  that FCN_PRECISION_INT8 needs, and makes a model that is `model` with them; fcn_model_save keeps
 *  them. Uses `threads` threads, 0 for one on every core. `progress`, which may be NULL, is told of it
 *  as of fcn_segment and may end it. Values beyond what the pictures showed are cut off later: a
 *  few that are alike, or of one colour, make a model that is right for such alone.
 *  FCN_E_NOT_FINITE where a value of a layer is NaN or infinite. */
fcn_status fcn_model_calibrate(fcn_model **out, const fcn_model *model, const fcn_pixels *pictures,
                               int32_t count, int32_t threads, fcn_segment_callback progress,
                               void *user_data);

/** Segments `count` pictures, which may differ in size and format. Result `i`, 0 to count - 1, is
 *  that of `pictures[i]`; the results stay until the next call that segments, whatever becomes of
 *  it. FCN_E_NOT_FINITE where a weight, or a score of one of the pictures, is NaN or infinite. */
fcn_status fcn_segment(fcn_session *session, const fcn_pixels *pictures, int32_t count);
/** Segments one picture from a file in memory that fcn_image_decode reads, `size` bytes of it. */
fcn_status fcn_segment_encoded(fcn_session *session, const void *bytes, size_t size);
/** Segments one picture from the file at `path`, which fcn_image_open reads. */
fcn_status fcn_segment_file(fcn_session *session, const char *path);

/** Puts rows `first` to `first + count - 1` of a picture into `pixels`, `count` times width pixels
 *  without gaps. Rows are asked for once, from the top. Returns 0, or another value to give up. */
typedef int32_t (*fcn_read_rows_callback)(int32_t first, int32_t count, void *pixels,
                                          void *user_data);
/** Takes the labels of rows `first` to `first + count - 1`, `count` times width of them, from the top;
 *  they are the library's and stay during the call. Returns 0, or another value to give up. */
typedef int32_t (*fcn_write_rows_callback)(int32_t first, int32_t count, const uint8_t *labels,
                                           void *user_data);

/** A picture that comes, and whose labels go, some rows at a time. */
typedef struct fcn_stream {
  /** sizeof(fcn_stream). */
  uint32_t struct_size;
  /** How pixels lie: FCN_PIXELS_RGB8 or another format. */
  int32_t format;
  /** Columns, 1 to 2^22. */
  int32_t width;
  /** Rows, 1 to 2^22. */
  int32_t height;
  /** The longest side of a tile in pixels, with what surrounds the pixels that it is for; 0 for as large
   *  as `memory_limit` allows. */
  int32_t tile_side;
  /** 0. */
  int32_t reserved;
  /** The most bytes for activations and rows; 0 for 2^30. The model's weights come on top. */
  uint64_t memory_limit;
  /** Gives the picture. Called on the thread of fcn_segment_stream; may not use the session. */
  fcn_read_rows_callback read_rows;
  /** Takes the labels. Called on the thread of fcn_segment_stream; may not use the session. */
  fcn_write_rows_callback write_rows;
  /** Handed to both. */
  void *user_data;
} fcn_stream;

/** Segments a picture that is too large for memory, a tile at a time. Tiles have around them all that the
 *  class of a pixel depends on, so labels are those of the whole picture, but where two scores are as
 *  close as float32 is rounded. Leaves no results. Progress counts tiles as pictures.
 *  FCN_E_UNSUPPORTED where tiles cannot come out so: a layer that sees the whole picture (global pooling,
 *  attention), a model that scales its pictures, FCN_BACKEND_CUDA, FCN_PRECISION_INT8 of a model that
 *  was not calibrated; FCN_E_INVALID_ARGUMENT where tile_side is too small, the message says how large
 *  it must be; FCN_E_OUT_OF_MEMORY where memory_limit is; FCN_E_ABORTED where a callback gave up. */
fcn_status fcn_segment_stream(fcn_session *session, const fcn_stream *stream);

/*
 * Results. `index` is that of the picture in the call that segmented it; there is none after a call
 * that failed. Each is written to the caller's `buffer`, which holds `capacity` elements of its
 * type.
 * `needed`, which may be NULL, gets the number of elements that there are, also where the buffer is
 * too small, which is FCN_E_BUFFER_TOO_SMALL. To ask for that number alone, pass NULL and 0 for
 * buffer and capacity. Rows are those of the picture as it was handed over, at its own size, from
 * the top, without gaps.
 */

/** Results that there are: the pictures of the last call, 0 before the first or if it failed. */
fcn_status fcn_result_count(int32_t *count, const fcn_session *session);
/** Columns and rows of the picture of result `index`. */
fcn_status fcn_result_size(int32_t *width, int32_t *height, const fcn_session *session,
                           int32_t index);
/** The class of each pixel: height * width bytes, row by row. */
fcn_status fcn_result_labels(uint8_t *buffer, size_t capacity, size_t *needed,
                             fcn_session *session, int32_t index);
/** The score of each class at each pixel, before softmax: class_count * height * width floats,
 *  the first class's rows first. A network whose last layer enlarges scores makes labels without
 *  them: then they are made by the first call of this and of fcn_result_probabilities, which takes
 *  memory for them until the session's next run, beyond `largest_memory`. */
fcn_status fcn_result_scores(float *buffer, size_t capacity, size_t *needed, fcn_session *session,
                             int32_t index);
/** The probability of each class at each pixel, 0 to 1, in the order of the scores: their
 *  softmax. */
fcn_status fcn_result_probabilities(float *buffer, size_t capacity, size_t *needed,
                                    fcn_session *session, int32_t index);
/** The area of each class in pixels: class_count numbers. */
fcn_status fcn_result_areas(int64_t *buffer, size_t capacity, size_t *needed, fcn_session *session,
                            int32_t index);

/*
 * ---- Showing results --------------------------------------------------------------------------
 */

/** Writes `labels`, width * height bytes row by row, to `path` as a PNG file whose values are the
 *  labels and whose colours are those of `model`, or VOC's if that is NULL. FCN_E_INVALID_ARGUMENT where
 *  `path` ends as another kind of picture does. */
fcn_status fcn_labels_save(const uint8_t *labels, int32_t width, int32_t height,
                           const fcn_model *model, const char *path);
/** Writes `labels`, width * height bytes row by row, to `path` as an 8-bit greyscale PNG file whose
 *  greys are the labels, for programs that read indices from such files alone. It looks nearly
 *  black. */
fcn_status fcn_labels_save_grey(const uint8_t *labels, int32_t width, int32_t height,
                                const char *path);
/** Draws the colours of `labels`, one byte for each pixel of `picture`, over it. `label_count` is
 *  width * height; `opacity` is that of the colours, 0 to 1. The colours are those of `model`. */
fcn_status fcn_overlay(fcn_image **out, const fcn_pixels *picture, const uint8_t *labels,
                       size_t label_count, const fcn_model *model, float opacity);
/** Draws a sheet to look at: the picture beside its labels and `truth`, the true labels, or, if
 *  that is NULL, beside an overlay and its labels; below them a legend of the classes that occur,
 *  with the share of each. `labels` and `truth` have `label_count` = width * height bytes. `caption`
 *  stands above; it may be NULL. */
fcn_status fcn_sheet(fcn_image **out, const fcn_pixels *picture, const uint8_t *labels,
                     const uint8_t *truth, size_t label_count, const fcn_model *model,
                     const char *caption);

/*
 * ---- Training ---------------------------------------------------------------------------------
 */

/** A training run: a network, its optimiser and its data. Belongs to one thread at a time; it may
 *  pass from one to another between calls. */
FCN_EXPERIMENTAL typedef struct fcn_trainer fcn_trainer;

enum {
  /** Stochastic gradient descent with momentum. */
  FCN_OPTIMIZER_SGD = 0,
  /** Adam with decoupled weight decay; its own decay rates are 0.9 and 0.999. */
  FCN_OPTIMIZER_ADAMW = 1
};

enum {
  /** The learning rate stays as it is. */
  FCN_SCHEDULE_CONSTANT = 0,
  /** It is multiplied by schedule_factor after every schedule_epochs epochs. */
  FCN_SCHEDULE_STEP = 1,
  /** It falls to 0 as (1 - iteration / iterations) ^ schedule_power. */
  FCN_SCHEDULE_POLY = 2
};

enum {
  /** The loss is the mean over labelled pixels. */
  FCN_LOSS_MEAN = 0,
  /** The loss is the sum over labelled pixels, as in the recipes of the FCN papers. */
  FCN_LOSS_SUM = 1
};

enum {
  /** All classes count alike in the loss. */
  FCN_CLASS_WEIGHTS_NONE = 0,
  /** Rare classes count more: 1 / ln(1.1 + the class's share of the labelled pixels). */
  FCN_CLASS_WEIGHTS_ENET = 1
};

/** What to train, on what, and how.
 *
 *  With the defaults and `data` and `output` set, it learns: AdamW, a learning rate that falls to
 *  0, varied pictures. What is said to be *chosen* follows from the number and the size of the
 *  pictures, how often classes occur, the start and the machine; docs/training.md has the rules. In
 *  a resumed training what is chosen is as it was. With another recipe than "modern", see
 *  fcn_trainer_params_named, it is as the recipe has it. */
FCN_EXPERIMENTAL typedef struct fcn_trainer_params {
  /** Set by fcn_trainer_params_init. */
  uint32_t struct_size;
  /** Threads to work with, 0 to 1024; 0, the default, for one on each core that the process may
   *  use. Results do not depend on it, to the last bit. */
  int32_t threads;

  /** A folder as VOC lays it out: JPEGImages, SegmentationClass, ImageSets/Segmentation and
   *  class_names.txt; docs/data.md describes it. A folder without a list of classes has those of
   *  the training that is resumed, else of `start`, else VOC's. Must be set. */
  const char *data;
  /** The list in ImageSets/Segmentation to train on; NULL, the default, for "train". */
  const char *train_split;
  /** The list of validation pictures; NULL, the default, for none. */
  const char *validation_split;
  /** A folder, made if it is missing, that gets after every epoch model.safetensors, the best
   *  model so far as best.safetensors, checkpoint.safetensors and a row of log.csv, and after every
   *  evaluation a row of class-iu.csv. Must be set. */
  const char *output;
  /** 1 to go on from the checkpoint in `output`, to the same bits as if there had been no break on
   *  the same device, or to begin where there is none yet; 0, the default, to begin, which fails if
   *  there is a checkpoint. */
  int32_t resume;
  /** 1 to keep every epoch's model, as epoch-0001.safetensors and so on, 0 not to; -1, the default:
   *  as a resumed training did, else 0. */
  int32_t keep_every_epoch;
  /** 1 to write models in half precision, 0 in single; -1, the default: as a resumed training did, else
   *  0. */
  int32_t half_precision;
  /** Epochs from one evaluation to the next, 1 to 1000000; 0, the default: chosen. The last epoch
   *  always has one. */
  int32_t evaluation_interval;

  /** A model to start from, which stays as it is and whose architecture and options count; NULL,
   *  the default, for fresh weights, which the fields to the next blank line and `graph` describe. With
   *  a model to start from these must have their defaults. */
  const fcn_model *start;
  /** The architecture; NULL, the default, for the network of `weights`, else "fcn-simple". */
  const char *architecture;
  /** How pictures become its input; NULL, the default, for the way of `weights`, else the
   *  architecture's own. */
  const fcn_preprocessing *preprocessing;
  /** A file of any kind that fcn_model_import reads, or a model's: its weights are taken where name
   *  and shape agree, and width and batch_norm, where set, must be those of its network. NULL, the
   *  default, for none. */
  const char *weights;
  /** Factor on the channel counts, 0.01 to 4; 0, the default: that of `weights`, else chosen. */
  float width;
  /** 1 for batch normalisation, 0 for none; -1, the default: as `weights` have it, else wherever
   *  the architecture can have it. Fresh weights hardly learn without. */
  int32_t batch_norm;

  /** Times to go through the training pictures, 1 to 1000000; 0, the default: chosen. */
  int32_t epochs;
  /** Pictures in a minibatch, 1 to 1024; 0, the default: chosen. */
  int32_t batch_size;
  /** FCN_OPTIMIZER_ADAMW, the default, or another. */
  int32_t optimizer;
  /** What the optimiser's steps are multiplied by, above 0, at most 1000; 0, the default: chosen
   *  for AdamW, 0.01 for SGD. */
  float learning_rate;
  /** Part of the last step that SGD takes again, 0 to 0.9999; 0.9 is the default. Not looked at
   *  with another optimiser. */
  float momentum;
  /** Pull of the weights towards 0, 0 to 1; -1, the default: 0.01 for AdamW, 0.0005 for SGD. */
  float weight_decay;
  /** Factor on the learning rate of biases, 0 to 1000; 1 is the default, 2 that of the FCN
   *  papers. */
  float bias_rate;
  /** Factor on the weight decay of biases, 0 to 1000; 0 is the default. */
  float bias_decay;
  /** Longest norm of all gradients together, to which longer ones are cut, at least 0, finite; 0 for
   *  no limit; -1, the default: chosen. */
  float clip_norm;
  /** FCN_SCHEDULE_POLY, the default, or another. What another schedule alone uses of the next three
   *  fields is not looked at. */
  int32_t schedule;
  /** Power of FCN_SCHEDULE_POLY, above 0, at most 10; 0.9 is the default. */
  float schedule_power;
  /** Epochs of FCN_SCHEDULE_STEP, at least 1; 10 is the default. */
  int32_t schedule_epochs;
  /** Factor of FCN_SCHEDULE_STEP, above 0, at most 1; 0.1 is the default. */
  float schedule_factor;
  /** Iterations over which the learning rate first rises from 0, 0 to 1000000000; -1, the default:
   *  chosen. */
  int32_t warm_up;
  /** FCN_LOSS_MEAN, the default, or another. */
  int32_t loss;
  /** FCN_CLASS_WEIGHTS_NONE or another; -1, the default: FCN_CLASS_WEIGHTS_ENET where a class is
   *  rare. */
  int32_t class_weights;

  /** Columns of the piece that is cut from each training picture, 0 to 65536; 0 for all; -1, the
   *  default: chosen. Pictures need not be of one size: in a minibatch the smaller ones have
   *  ignored pixels at their right and bottom. */
  int32_t crop_width;
  /** Rows of that piece, 0 to 65536; 0 for all; -1, the default: chosen. */
  int32_t crop_height;
  /** Least factor by which a training picture is scaled, 0.05 to 20; 0.6 is the default. */
  float scale_least;
  /** Greatest factor, not below the least, 0.05 to 20; 1.6 is the default. */
  float scale_greatest;
  /** 1, the default, to mirror half of the training pictures; 0 for none. */
  int32_t flip;
  /** Colours are multiplied by 1 plus or minus at most this, 0 to 1; 0.2 is the default. */
  float brightness;
  /** Distances from mid-grey are multiplied by 1 plus or minus at most this, 0 to 1; 0.2 is the
   *  default. */
  float contrast;
  /** 0. */
  int32_t reserved;
  /** What fresh weights, order and variation of the pictures follow from; 1 is the default. */
  uint64_t seed;
  /** What is trained on: FCN_BACKEND_CPU, the default, or FCN_BACKEND_CUDA. A checkpoint of one can
   *  be gone on from on the other, though not to the same bits, of which the log warns. */
  int32_t backend;
  /** Which of the backend's devices, counted from 0; FCN_BACKEND_CPU has no other than 0. */
  int32_t device;
  /** FCN_PRECISION_FLOAT32, the default, or FCN_PRECISION_BFLOAT16, on FCN_BACKEND_CPU where the
   *  processor has AVX512_BF16, else FCN_E_UNSUPPORTED; on FCN_BACKEND_CUDA also
   *  FCN_PRECISION_TF32 or FCN_PRECISION_FLOAT16, with a factor on the loss that follows from what
   *  is met. Weights, their gradients and the optimiser stay 32 bits. A training that is resumed
   *  goes on in the precision that it began in; another is FCN_E_INVALID_ARGUMENT. */
  int32_t precision;
  /** 1 where labels are masks of 0 and 255, or black and white: 255 means class 1, and no pixel is
   *  ignored. 0 where 255 means pixels to ignore. -1, the default: as a resumed training, of which it
   *  must not differ, read them, else 0. */
  int32_t binary_masks;
  /** Epochs without a better mean IU on the validation split after which the training ends with
   *  FCN_OK, 0 to 1000000, which needs a validation_split; 0 for never; -1, the default: as a resumed
   *  training had it, else 0. It can be gone on with. */
  int32_t patience;
  /** 1 to let a resumed training take another number of epochs although its learning rate falls
   *  over all of them (FCN_SCHEDULE_POLY): it goes on at the rate of the new length. 0, the
   *  default, to refuse that. Other schedules may take another number in any case. */
  int32_t extend;
  /** Seconds that a call of fcn_trainer_run may take: it ends with FCN_OK after the epoch whose
   *  successor would not fit, the first at the earliest, and a further call goes on. 0 to
   *  1000000000; 0, the default, for no limit. */
  double time_limit;
  /** The recipe that fcn_trainer_params_named filled these fields by, the library's own; NULL, the
   *  default, for "modern". To be set by that function alone: another string is refused. */
  const char *recipe;
  /** Factors on the learning rate of layers, "NAME=FACTOR" separated by commas, such as
   *  "conv1=0,upscore=1": each is for the layers whose names begin so, and of several that fit one
   *  layer the longest counts. A factor is 0 to 1000; 0 keeps the layers as they are. An empty text
   *  for none; NULL, the default: chosen, which is none. Read by fcn_trainer_create, not kept. */
  const char *layer_rates;
  /** Weights of the classes in the loss, class_weight_count of them in index order, 0 to 1000000
   *  each; class_weights is not looked at then. NULL, the default, to leave them to class_weights.
   *  Read by fcn_trainer_create, not kept. */
  const float *class_weight_values;
  /** Steps after which the training ends, within an epoch if need be, 1 to 1000000000, with `epochs`
   *  at 0; 0, the default: chosen, which leaves it to the epochs. */
  int64_t iterations;
  /** Values that class_weight_values points to: the number of classes, or 0, the default, where
   *  that is NULL. */
  int32_t class_weight_count;
  /** Minibatches whose gradients are averaged for one step, 1 to 1024, Caffe's iter_size: a step as
   *  of a larger minibatch in the memory of a smaller one; 0, the default: chosen, which is 1. */
  int32_t accumulation;
  /** The network itself as JSON text, as fcn_model_get_graph gives it, in place of `architecture`,
   *  `width` and `batch_norm`, which must have their defaults. Its scores must be of the classes of
   *  `data`. NULL, the default, for none. Read by fcn_trainer_create, not kept. */
  const char *graph;
} fcn_trainer_params;

/** Fills `params` with defaults, which learn; `struct_size` is sizeof(fcn_trainer_params). */
FCN_EXPERIMENTAL fcn_status fcn_trainer_params_init(fcn_trainer_params *params,
                                                    uint32_t struct_size);
/** Fills `params` with the settings of a published training in place of the defaults. `recipe` is
 *  its name; `fcn train --help` lists them and what each sets. Any field may be changed then. What
 *  is said to be chosen, and left so, is as the recipe has it: the network too, its width, the size
 *  at which it sees pictures and how its score layers begin, where fields or `weights` say nothing
 *  else. Most start from another network's weights, which `weights` names; without them the log
 *  warns. "modern" is fcn_trainer_params_init. FCN_E_NOT_FOUND, with the names, where there is none
 *  called `recipe`. */
FCN_EXPERIMENTAL fcn_status fcn_trainer_params_named(fcn_trainer_params *params,
                                                     uint32_t struct_size, const char *recipe);

/** Makes a trainer. First reads all pictures and labels of both lists, which takes seconds, and
 *  fails with FCN_E_CORRUPT and words on all that is wrong there: files that are missing or
 *  damaged, labels beyond the classes, labels of another size, labels that nothing can be learned
 *  from. What is only odd goes to the log as warnings. Then makes the output folder.
 *  FCN_E_INVALID_STATE where a trainer, of any process, runs in that folder; what processes that were
 *  killed left half written there is taken away. */
FCN_EXPERIMENTAL fcn_status fcn_trainer_create(fcn_trainer **out,
                                               const fcn_trainer_params *params);
/** Frees a trainer; NULL is allowed. What it wrote stays. */
FCN_EXPERIMENTAL void fcn_trainer_free(fcn_trainer *trainer);

enum {
  /** A minibatch was learned from. */
  FCN_TRAIN_MINIBATCH = 1,
  /** The model was run on a picture of the validation split. */
  FCN_TRAIN_MEASUREMENT = 2,
  /** An epoch is done and its files are written. */
  FCN_TRAIN_EPOCH = 3
};

/** How far training has come. */
FCN_EXPERIMENTAL typedef struct fcn_train_progress {
  /** Bytes of this struct that the library filled in. */
  uint32_t struct_size;
  /** FCN_TRAIN_MINIBATCH or another: why the callback is called. */
  int32_t event;
  /** The epoch, from 1. */
  int32_t epoch;
  /** Epochs in all. */
  int32_t epoch_count;
  /** Minibatches of this epoch, or pictures of this evaluation, that are done. */
  int32_t step;
  /** Minibatches of an epoch, or pictures of an evaluation. */
  int32_t step_count;
  /** Minibatches done since the start of the training, in all its runs. */
  int64_t iteration;
  /** Minibatches of the whole training. */
  int64_t iteration_count;
  /** Loss of the last minibatch; after an epoch the mean of its minibatches. */
  float loss;
  /** After an epoch: part of its labelled pixels that were right, 0 to 1; otherwise NaN. */
  float pixel_accuracy;
  /** After an epoch with an evaluation: mean loss on the validation split; otherwise NaN. */
  float validation_loss;
  /** After an epoch with an evaluation: part of the labelled pixels that were right, 0 to 1;
   *  otherwise NaN. */
  float validation_pixel_accuracy;
  /** After an epoch with an evaluation: mean over the classes of intersection over union, 0 to 1;
   *  otherwise NaN. */
  float validation_mean_iu;
  /** Learning rate of the last minibatch. */
  float learning_rate;
  /** Since the start of the training, over all its runs, in milliseconds. */
  double elapsed_ms;
} fcn_train_progress;

/** Told of progress after every minibatch, evaluated picture and epoch; returns 0 to go on. */
FCN_EXPERIMENTAL typedef int32_t (*fcn_train_callback)(const fcn_train_progress *progress,
                                                       void *user_data);

/** Trains to the end, or to that of patience or the time limit: the last epoch that the callback
 *  heard of tells. `callback` may be NULL. After FCN_E_ABORTED, or another failure whose cause
 *  has gone, a further call goes on from the last whole epoch. The output folder is locked
 *  meanwhile, where its file system has locks: FCN_E_INVALID_STATE where another trainer runs there,
 *  or has run there since this one was made. */
FCN_EXPERIMENTAL fcn_status fcn_trainer_run(fcn_trainer *trainer, fcn_train_callback callback,
                                            void *user_data);

#ifdef __cplusplus
}
#endif

#endif
