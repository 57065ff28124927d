// One span of reserved addresses from which a device takes its memory; pages are real only once they are written.
#pragma once

#include <stddef.h>

#include "build.h"

namespace UNROLLED {

/** Shared by the device and by every view of it; given back when the last of them is gone. */
struct Arena;

/** Null where the system has not so many addresses. Filled with zeros. */
Arena* reserveArena(size_t bytes);
char* arenaBase(const Arena* arena);
size_t arenaBytes(const Arena* arena);

void retain(Arena* arena);
void release(Arena* arena);

/** Fills a span with zeros; whole large pages (2 MiB) in it go back to the system. */
void clear(Arena* arena, size_t offset, size_t bytes);

/** Gives every page back; where the system cannot, they stay until the release. */
void discard(Arena* arena);

}  // namespace UNROLLED
