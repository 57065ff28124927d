// The Node addon: what TypeScript may ask of a native device. Every argument is checked; a mistake is a JavaScript error.
#include <math.h>
#include <node_api.h>
#include <stdio.h>

#include <algorithm>
#include <new>
#include <vector>

#include "device.h"

namespace UNROLLED {

namespace {

/** The devices of one JavaScript environment; what an external value points to counts only while it stands here. */
struct Instance {
  std::vector<NativeDevice*> devices;
};

constexpr size_t maxArguments = 4;

struct Arguments {
  napi_env env;
  size_t count = maxArguments;
  napi_value values[maxArguments];
  Instance* instance = nullptr;

  Arguments(napi_env environment, napi_callback_info info) : env(environment) {
    void* data = nullptr;
    napi_get_cb_info(env, info, &count, values, nullptr, &data);
    instance = static_cast<Instance*>(data);
  }
};

napi_value refuse(napi_env env, const char* code, const char* message) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_type_error(env, code, message);
  return nullptr;
}

/** Argument `index` as a whole number from 0 to `most`; otherwise throws and answers false. */
bool getWhole(const Arguments& arguments, size_t index, double most, double* out) {
  double number = -1;
  const bool got = index < arguments.count && napi_get_value_double(arguments.env, arguments.values[index], &number) == napi_ok;
  if (got && number >= 0 && number <= most && number == floor(number)) return *out = number, true;
  char message[96];
  snprintf(message, sizeof message, "argument %zu must be a whole number from 0 to %.0f", index, most);
  return refuse(arguments.env, "argument", message), false;
}

/** Argument 0 as an open device; otherwise throws and answers null. */
NativeDevice* getDevice(const Arguments& arguments) {
  void* pointer = nullptr;
  napi_valuetype type = napi_undefined;
  if (arguments.count > 0 && napi_typeof(arguments.env, arguments.values[0], &type) == napi_ok && type == napi_external) {
    napi_get_value_external(arguments.env, arguments.values[0], &pointer);
  }
  const std::vector<NativeDevice*>& devices = arguments.instance->devices;
  const auto found = std::find(devices.begin(), devices.end(), static_cast<NativeDevice*>(pointer));
  if (found != devices.end()) return *found;
  return refuse(arguments.env, "closed", "argument 0 must be an open device"), nullptr;
}

/** Arguments 1 and 2 as a span of bytes inside the arena. */
bool getSpan(const Arguments& arguments, Arena* arena, size_t* offset, size_t* bytes) {
  const double size = static_cast<double>(arenaBytes(arena));
  double from = 0, length = 0;
  if (!getWhole(arguments, 1, size, &from) || !getWhole(arguments, 2, size - from, &length)) return false;
  *offset = static_cast<size_t>(from);
  *bytes = static_cast<size_t>(length);
  return true;
}

void forget(Instance* instance, NativeDevice* device) {
  auto& devices = instance->devices;
  devices.erase(std::remove(devices.begin(), devices.end(), device), devices.end());
}

/** open(threads, oversubscribed 0|1, bytes of addresses) -> device */
napi_value jsOpen(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  double threads = 0, oversubscribed = 0, bytes = 0;
  if (!getWhole(arguments, 0, maxThreads, &threads) || !getWhole(arguments, 1, 1, &oversubscribed)) return nullptr;
  if (!getWhole(arguments, 2, 9007199254740992.0, &bytes)) return nullptr;
  if (threads < 1 || bytes < 64) return refuse(env, "argument", "a device must have a thread and memory");
  const char* error = nullptr;
  NativeDevice* device = openDevice(static_cast<int>(threads), oversubscribed != 0, static_cast<size_t>(bytes), &error);
  if (device == nullptr) return refuse(env, "open", error);
  napi_value external = nullptr;
  arguments.instance->devices.push_back(device);
  if (napi_create_external(env, device, nullptr, nullptr, &external) == napi_ok) return external;
  forget(arguments.instance, device);
  closeDevice(device);
  return refuse(env, "open", "no memory for a device");
}

/** close(device) */
napi_value jsClose(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  NativeDevice* device = getDevice(arguments);
  if (device == nullptr) return nullptr;
  forget(arguments.instance, device);
  closeDevice(device);
  return nullptr;
}

void releaseView(napi_env, void*, void* arena) {
  release(static_cast<Arena*>(arena));
}

/** view(device, byte offset, bytes) -> ArrayBuffer over the device's memory. The addresses live as long as it does. */
napi_value jsView(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  NativeDevice* device = getDevice(arguments);
  size_t offset = 0, bytes = 0;
  if (device == nullptr || !getSpan(arguments, arenaOf(device), &offset, &bytes)) return nullptr;
  Arena* arena = arenaOf(device);
  napi_value buffer = nullptr;
  retain(arena);
  if (napi_create_external_arraybuffer(env, arenaBase(arena) + offset, bytes, releaseView, arena, &buffer) == napi_ok) {
    return buffer;
  }
  release(arena);
  return refuse(env, "view", "this JavaScript engine allows no views of outside memory");
}

/** detach(buffer): the buffer and its arrays become empty. */
napi_value jsDetach(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  bool isBuffer = false;
  if (arguments.count < 1 || napi_is_arraybuffer(env, arguments.values[0], &isBuffer) != napi_ok || !isBuffer) {
    return refuse(env, "argument", "argument 0 must be an ArrayBuffer");
  }
  if (napi_detach_arraybuffer(env, arguments.values[0]) != napi_ok) return refuse(env, "argument", "this ArrayBuffer cannot be detached");
  return nullptr;
}

/** clear(device, byte offset, bytes): zeros; large spans give their pages back. */
napi_value jsClear(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  NativeDevice* device = getDevice(arguments);
  size_t offset = 0, bytes = 0;
  if (device == nullptr || !getSpan(arguments, arenaOf(device), &offset, &bytes)) return nullptr;
  clear(arenaOf(device), offset, bytes);
  return nullptr;
}

/** load(device, steps as Float64Array) -> handle */
napi_value jsLoad(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  NativeDevice* device = getDevice(arguments);
  if (device == nullptr) return nullptr;
  bool isArray = false;
  napi_typedarray_type type = napi_int8_array;
  size_t numbers = 0;
  void* code = nullptr;
  if (arguments.count > 1) napi_is_typedarray(env, arguments.values[1], &isArray);
  if (isArray) napi_get_typedarray_info(env, arguments.values[1], &type, &numbers, &code, nullptr, nullptr);
  if (!isArray || type != napi_float64_array) return refuse(env, "argument", "argument 1 must be a Float64Array");
  char message[160] = "";
  const int64_t handle = loadProgram(device, static_cast<const double*>(code), numbers, message, sizeof message);
  if (handle < 0) return refuse(env, "program", message);
  napi_value result = nullptr;
  napi_create_int64(env, handle, &result);
  return result;
}

/** unload(device, handle) */
napi_value jsUnload(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  NativeDevice* device = getDevice(arguments);
  double handle = 0;
  if (device == nullptr || !getWhole(arguments, 1, 9007199254740992.0, &handle)) return nullptr;
  if (!unloadProgram(device, static_cast<int64_t>(handle))) return refuse(env, "handle", "no such program is loaded");
  return nullptr;
}

/** run(device, handle, times, alone 0|1) */
napi_value jsRun(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  NativeDevice* device = getDevice(arguments);
  double handle = 0, times = 0, alone = 0;
  if (device == nullptr || !getWhole(arguments, 1, 9007199254740992.0, &handle)) return nullptr;
  if (!getWhole(arguments, 2, 9007199254740992.0, &times) || !getWhole(arguments, 3, 1, &alone)) return nullptr;
  if (!runProgram(device, static_cast<int64_t>(handle), static_cast<int64_t>(times), alone != 0)) {
    return refuse(env, "handle", "no such program is loaded");
  }
  return nullptr;
}

/** multipliesHalf() -> whether programs may multiply in bfloat16. */
napi_value jsMultipliesHalf(napi_env env, napi_callback_info) {
  napi_value result = nullptr;
  napi_get_boolean(env, multipliesHalf(), &result);
  return result;
}

/** Some tenths of a second: nothing stops the loop before its end. */
constexpr double maxTurns = 1000000;

/** multiplyBare(turns) -> floating-point operations done. */
napi_value jsMultiplyBare(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  double turns = 0;
  if (!getWhole(arguments, 0, maxTurns, &turns)) return nullptr;
  napi_value result = nullptr;
  napi_create_double(env, multiplyBare(static_cast<int64_t>(turns)), &result);
  return result;
}

#ifdef UNROLLED_PLAIN
/** supports() -> names of the builds this processor can run, the best first. */
napi_value jsSupports(napi_env env, napi_callback_info) {
  napi_value list = nullptr;
  napi_create_array(env, &list);
  uint32_t length = 0;
  const auto add = [&](const char* name) {
    napi_value text = nullptr;
    napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &text);
    napi_set_element(env, list, length++, text);
  };
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  if (avx2 && avx512) add("avx512");
  if (avx2) add("avx2");
#endif
  add("plain");
  return list;
}
#endif

void closeAll(void* data) {
  Instance* instance = static_cast<Instance*>(data);
  for (NativeDevice* device : instance->devices) closeDevice(device);
  delete instance;
}

napi_value initialize(napi_env env, napi_value exports) {
  Instance* instance = new (std::nothrow) Instance;
  if (instance == nullptr) return refuse(env, "open", "no memory for the addon");
  napi_add_env_cleanup_hook(env, closeAll, instance);
  const auto add = [&](const char* name, napi_callback callback) {
    napi_value function = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, instance, &function);
    napi_set_named_property(env, exports, name, function);
  };
  add("open", jsOpen);
  add("close", jsClose);
  add("view", jsView);
  add("detach", jsDetach);
  add("clear", jsClear);
  add("load", jsLoad);
  add("unload", jsUnload);
  add("run", jsRun);
  add("multiplyBare", jsMultiplyBare);
  add("multipliesHalf", jsMultipliesHalf);
#ifdef UNROLLED_PLAIN
  add("supports", jsSupports);
#endif
  return exports;
}

}  // namespace

}  // namespace UNROLLED

NAPI_MODULE_INIT() {
  return UNROLLED::initialize(env, exports);
}
