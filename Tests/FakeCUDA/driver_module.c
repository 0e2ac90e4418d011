/* Modules and their functions. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver.h"
#include "image.h"

/* MARK: Loading */

static bool write_all(int file, const void *bytes, size_t count) {
  const char *next = bytes;
  while (count > 0) {
    ssize_t written = write(file, next, count);
    if (written <= 0) return false;
    next += written;
    count -= (size_t)written;
  }
  return true;
}

/* The loader knows libraries by name and by file, so every module has a file of its own, open for
   as long as the module lives: its number is the name. */
static CUresult open_library(Module *module, const void *library, size_t bytes) {
  char path[64];
  module->file = memfd_create("fake-cuda-module", MFD_CLOEXEC);
  if (module->file < 0) return CUDA_ERROR_OPERATING_SYSTEM;
  if (!write_all(module->file, library, bytes)) return CUDA_ERROR_OPERATING_SYSTEM;
  snprintf(path, sizeof path, "/proc/self/fd/%d", module->file);
  module->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!module->library) {
    fprintf(stderr, "fake CUDA: %s\n", dlerror());
    return CUDA_ERROR_INVALID_IMAGE;
  }
  module->emulate = (Emulate *)dlsym(module->library, "fake_cuda_emulate");
  module->complain = (Complain *)dlsym(module->library, "fake_cuda_complain");
  return module->emulate && module->complain ? CUDA_SUCCESS : CUDA_ERROR_INVALID_IMAGE;
}

static bool runs_here(const Image *image) {
  unsigned here = (unsigned)device_architecture(), there = image->architecture;
  return here >= there && (image->is_portable || here / 10 == there / 10);
}

void destroy_module(Module *module) {
  Function *function = next_object(FUNCTION, NULL, NULL);
  while (function) {
    Function *next = next_object(FUNCTION, NULL, function);
    if (function->module == module) {
      free(function->name);
      forget_object(function);
    }
    function = next;
  }
  if (module->library) dlclose(module->library);
  if (module->file >= 0) close(module->file);
  forget_object(module);
}

CUresult cuModuleLoadData(CUmodule *handle, const void *data) {
  Context *context;
  Image image;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  if (!handle || !data) return leave(CUDA_ERROR_INVALID_VALUE);
  result = check_no_capture(context);
  if (result) return leave(result);
  /* Byte by byte: what is no image may be short. */
  if (strncmp(data, IMAGE_MAGIC, sizeof image.magic)) return leave(CUDA_ERROR_INVALID_IMAGE);
  memcpy(&image, data, sizeof image);
  const void *library = (const char *)data + sizeof image;
  if (image_checksum(library, image.library_bytes) != image.checksum) {
    return leave(CUDA_ERROR_INVALID_IMAGE);
  }
  if (!runs_here(&image)) return leave(CUDA_ERROR_NO_BINARY_FOR_GPU);
  Module *module = make_object(MODULE, sizeof *module, context);
  if (!module) return leave(CUDA_ERROR_OUT_OF_MEMORY);
  module->architecture = image.architecture;
  result = open_library(module, library, image.library_bytes);
  if (result) {
    destroy_module(module);
    return leave(result);
  }
  *handle = (CUmodule)module->object.handle;
  return leave(CUDA_SUCCESS);
}

CUresult cuModuleUnload(CUmodule handle) {
  Context *context;
  CUresult result = enter_to_clear(__func__, &context);
  if (result) return result;
  Module *module = find_object(MODULE, handle, context);
  if (!module) return leave(CUDA_ERROR_INVALID_HANDLE);
  result = context->fatal ? CUDA_SUCCESS : check_no_capture(context);
  if (result) return leave(result);
  destroy_module(module);
  return leave(context->fatal);
}

/* MARK: Functions */

static Function *find_function(const Module *module, const char *name) {
  const Context *context = module->object.context;
  for (Function *f = next_object(FUNCTION, context, NULL); f;
       f = next_object(FUNCTION, context, f)) {
    if (f->module == module && strcmp(f->name, name) == 0) return f;
  }
  return NULL;
}

/* In the module itself: the loader looks in the libraries that the module needs as well. */
static void *find_symbol(const Module *module, const char *name, const char *suffix) {
  char whole[256];
  Dl_info own, found;
  if (snprintf(whole, sizeof whole, "%s%s", name, suffix) >= (int)sizeof whole) return NULL;
  void *symbol = dlsym(module->library, whole);
  if (!symbol || !dladdr(symbol, &found) || !dladdr((void *)module->emulate, &own)) return NULL;
  return found.dli_fbase == own.dli_fbase ? symbol : NULL;
}

static CUresult make_function(Module *module, const char *name, Function **made) {
  void *entry = find_symbol(module, name, "");
  const unsigned *bytes = find_symbol(module, name, "_size");
  const unsigned *threads = find_symbol(module, name, "_threads");
  if (!entry || !bytes) return CUDA_ERROR_NOT_FOUND;
  Function *function = make_object(FUNCTION, sizeof *function, module->object.context);
  if (!function) return CUDA_ERROR_OUT_OF_MEMORY;
  function->name = strdup(name);
  if (!function->name) {
    forget_object(function);
    return CUDA_ERROR_OUT_OF_MEMORY;
  }
  function->module = module;
  function->entry = (void (*)(const void *))entry;
  function->parameter_bytes = *bytes;
  function->most_threads = threads && *threads < MOST_THREADS ? *threads : MOST_THREADS;
  function->most_shared_bytes = USUAL_SHARED_BYTES;
  *made = function;
  return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *handle, CUmodule module_handle, const char *name) {
  Context *context;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  if (!handle || !name) return leave(CUDA_ERROR_INVALID_VALUE);
  Module *module = find_object(MODULE, module_handle, context);
  if (!module) return leave(CUDA_ERROR_INVALID_HANDLE);
  Function *function = find_function(module, name);
  if (!function) result = make_function(module, name, &function);
  if (result) return leave(result);
  *handle = (CUfunction)function->object.handle;
  return leave(CUDA_SUCCESS);
}

CUresult cuFuncSetAttribute(CUfunction handle, CUfunction_attribute attribute, int value) {
  Context *context;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  Function *function = find_object(FUNCTION, handle, context);
  if (!function) return leave(CUDA_ERROR_INVALID_HANDLE);
  switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
      if (value < 0 || (unsigned)value > most_shared_bytes()) break;
      function->most_shared_bytes = (unsigned)value;
      return leave(CUDA_SUCCESS);
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
      if (value < -1 || value > 100) break;
      return leave(CUDA_SUCCESS);
    default:
      break;
  }
  return leave(CUDA_ERROR_INVALID_VALUE);
}

CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute, CUfunction handle) {
  Context *context;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  if (!value) return leave(CUDA_ERROR_INVALID_VALUE);
  const Function *function = find_object(FUNCTION, handle, context);
  if (!function) return leave(CUDA_ERROR_INVALID_HANDLE);
  switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
      *value = (int)function->most_threads;
      break;
    case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
    case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES:
    case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
      *value = 0;
      break;
    case CU_FUNC_ATTRIBUTE_NUM_REGS:
      *value = 32;
      break;
    case CU_FUNC_ATTRIBUTE_PTX_VERSION:
    case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
      *value = (int)function->module->architecture;
      break;
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
      *value = (int)function->most_shared_bytes;
      break;
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
      *value = -1;
      break;
    default:
      return leave(CUDA_ERROR_INVALID_VALUE);
  }
  return leave(CUDA_SUCCESS);
}
