// Which build this is. The one source is compiled several times: -DW=4 (SSE2, NEON, wasm), -DW=8 (AVX2), -DW=16
// (AVX-512). Everything that is compiled with a build's instruction set lives in that build's namespace, so that the
// linker can never put one build's code into another.
#pragma once

#ifndef W
#error "compile with -DW=4, -DW=8 or -DW=16: floats in one vector"
#endif

#define UNROLLED_JOIN(a, b) a##b
#define UNROLLED_BUILD(w) UNROLLED_JOIN(unrolled_w, w)
#define UNROLLED UNROLLED_BUILD(W)

#define INLINE [[gnu::always_inline]] inline
/** The same for a lambda. Where one is called from memory, every turn of its loop reads again what it captured. */
#define INLINED __attribute__((always_inline))
