# The native kernels: one addon per instruction set, each wholly compiled for it; the one to load is chosen at run time.
{
  "variables": {
    "sources": [
      "cpp/runtime.cpp", "cpp/native/arena.cpp", "cpp/native/device.cpp", "cpp/native/addon.cpp",
      "<!@(node -p \"require('fs').readdirSync('cpp/kernels').filter((f) => f.endsWith('.cpp')).map((f) => 'cpp/kernels/' + f).join(' ')\")"
    ],
    "openssl_fips": ""
  },
  "target_defaults": {
    "sources": ["<@(sources)"],
    "include_dirs": ["cpp"],
    "defines": ["NAPI_VERSION=8"],
    "cflags!": ["-fno-omit-frame-pointer"],
    "cflags_cc!": ["-fno-exceptions", "-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["<!@(node scripts/flags.mjs)", "-fexceptions", "-fvisibility=hidden", "-pthread"],
    "ldflags": ["-pthread"],
    "xcode_settings": {
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
      "MACOSX_DEPLOYMENT_TARGET": "11.0",
      "OTHER_CFLAGS": ["<!@(node scripts/flags.mjs)", "-fvisibility=hidden"]
    }
  },
  "targets": [
    { "target_name": "plain", "defines": ["W=4", "UNROLLED_PLAIN"] }
  ],
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {
          "target_name": "avx2",
          "defines": ["W=8"],
          "cflags_cc": ["-mavx2", "-mfma"],
          "xcode_settings": { "OTHER_CFLAGS": ["-mavx2", "-mfma"] }
        },
        {
          "target_name": "avx512",
          "defines": ["W=16"],
          "cflags_cc": ["-mavx2", "-mfma", "-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mprefer-vector-width=512"],
          "xcode_settings": { "OTHER_CFLAGS": ["-mavx2", "-mfma", "-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw"] }
        }
      ]
    }]
  ]
}
