/* The states of hashes are charged to the guest that makes them: they are
   larger than the objects that hold them. */

#ifndef KRML_RESTRICT_MALLOC_H
#define KRML_RESTRICT_MALLOC_H

#include "pyconfig.h"

#ifdef WITH_RESTRICTED

#include <stddef.h>

extern void *_PyRestrict_LibraryMalloc(size_t size);
extern void *_PyRestrict_LibraryCalloc(size_t n, size_t size);
extern void _PyRestrict_LibraryFree(void *ptr);

#define KRML_HOST_MALLOC _PyRestrict_LibraryMalloc
#define KRML_HOST_CALLOC _PyRestrict_LibraryCalloc
#define KRML_HOST_FREE _PyRestrict_LibraryFree

#endif
#endif
