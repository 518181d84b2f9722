/* How the memory of a restricted interpreter is counted.

   A restricted interpreter has an allocator state of its own, so that what it
   holds is known where the memory is taken from the system: arenas of 1 MiB
   for blocks up to 512 bytes, blocks of their own above, chunks of frames,
   and what libraries allocate by a function that we give them.  Nothing is
   counted for small blocks one by one: that path is the one of CPython.

   Blocks from LARGE on are mapped one by one, so that they grow without a
   second copy; those below are in a heap of the interpreter's own
   (restrict_heap.c).  The process has what the counter says, to the page;
   malloc() promises nothing like it.  The mappings are in a table and end
   with the interpreter, whoever forgot them.

   A mapping costs two calls of the system and a fault for each page.  So some
   that are free are kept for the next block: at most a small part of the cap,
   and given back when anything else needs the room.

   At the cap, a request over BIG fails with a MemoryError that the guest may
   handle: CPython does that well.  Its handling of failures of small requests
   is tested little, so these succeed a little longer, out of a reserve, and
   the guest is stopped: it ends at its next check.

   A guest that is stopped, for whatever reason, gets nothing big any more:
   most of what takes long and checks nothing makes something big, and so
   fails. */

#include "Python.h"
#include <stdbool.h>
#include "pycore_obmalloc.h"
#include "pycore_restrict.h"
#include "pycore_restrict_clock.h"  // _PyRestrict_IsHit()

#ifdef WITH_RESTRICTED

#include <malloc.h>  // malloc_usable_size()
#include <stdlib.h>
#include <sys/mman.h>

#include "restrict_heap.h"

#define LARGE _PyRestrict_HEAP_MAX  // bytes; from here on a mapping
#define BIG (64 * 1024)       // bytes; from here on MemoryError at the cap
#define RESERVE (512 * 1024)  // bytes
#define PAGE 4096             // bytes; what we round to, not what is there
#define KEPT_BLOCKS 8         // free mappings, at most
#define KEPT_PART 16          // of the cap: what they may be together
#define KEPT_SIZE ((size_t)32 << 20)  // bytes, at most

/* --- The counter --------------------------------------------------------------- */

void
_PyRestrict_AddUsed(struct _restrict_memory *memory, size_t size)
{
    size_t used = memory->used + size;
    // Other threads may read them for PyRestrict_GetUsage().
    _Py_atomic_store_ssize_relaxed((Py_ssize_t *)&memory->used, used);
    if (used > memory->peak) {
        _Py_atomic_store_ssize_relaxed((Py_ssize_t *)&memory->peak, used);
    }
}

void
_PyRestrict_Refund(struct _restrict_memory *memory, size_t size)
{
    size_t used = memory->used - Py_MIN(size, memory->used);
    _Py_atomic_store_ssize_relaxed((Py_ssize_t *)&memory->used, used);
}

/* Kept mappings are there as much as used ones. */
static int
fits(const struct _restrict_memory *memory, size_t size, size_t cap)
{
    size_t there = memory->used + memory->kept_size;
    return there <= cap && size <= cap - there;
}

size_t
_PyRestrict_MemoryLeft(const struct _restrict_memory *memory)
{
    size_t there = memory->used + memory->kept_size;
    return memory->cap > there ? memory->cap - there : 0;
}

/* May a request of this size go on?  0 or -1; no exception. */
static int
admit(struct _restrict_memory *memory, size_t size, size_t request)
{
    if (fits(memory, size, memory->cap)) {
        return 0;
    }
    if (request > BIG) {
        return -1;
    }
    _PyRestrict_Stop(memory->owner, _PyRestrict_LIMIT_MEMORY);
    return fits(memory, size, memory->cap + RESERVE) ? 0 : -1;
}

int
_PyRestrict_Charge(struct _restrict_memory *memory, size_t size,
                   size_t request)
{
    if (admit(memory, size, request) < 0) {
        return -1;
    }
    _PyRestrict_AddUsed(memory, size);
    return 0;
}

static void
make_room(struct _restrict_memory *memory, size_t size)
{
    if (!fits(memory, size, memory->cap)) {
        _PyRestrict_GiveBack(memory);
    }
}

/* An arena that does not fit is no failure: blocks come one by one then. */
int
_PyRestrict_ChargeArena(struct _restrict_memory *memory, size_t size)
{
    make_room(memory, size);
    if (!fits(memory, size, memory->cap)) {
        return -1;
    }
    _PyRestrict_AddUsed(memory, size);
    return 0;
}

static struct _restrict_memory *
memory_of(PyInterpreterState *interp)
{
    return &interp->obmalloc->restricted;
}

/* Frames: a stack that is too deep for the memory is not worth rescuing. */
int
_PyRestrict_ChargeFrames(PyThreadState *tstate, size_t size)
{
    struct _restrict_memory *memory = memory_of(tstate->interp);
    make_room(memory, size);
    return _PyRestrict_Charge(memory, size, 0);
}

void
_PyRestrict_RefundFrames(PyThreadState *tstate, size_t size)
{
    _PyRestrict_Refund(memory_of(tstate->interp), size);
}

/* --- The table of mappings --------------------------------------------------------- */

static size_t
place_of(const struct _restrict_memory *memory, const void *address)
{
    uint64_t hash = ((uintptr_t)address >> 12) * 0x9e3779b97f4a7c15u;
    return (size_t)(hash >> 20) & (memory->n_places - 1);
}

static struct _restrict_mapping *
find_mapping(const struct _restrict_memory *memory, const void *address)
{
    if (((uintptr_t)address & (PAGE - 1)) != 0 || memory->n_places == 0) {
        return NULL;
    }
    size_t i = place_of(memory, address);
    for (; memory->mappings[i].address != NULL;
         i = (i + 1) & (memory->n_places - 1))
    {
        if (memory->mappings[i].address == address) {
            return &memory->mappings[i];
        }
    }
    return NULL;
}

static void
put_mapping(struct _restrict_memory *memory, struct _restrict_mapping mapping)
{
    size_t i = place_of(memory, mapping.address);
    while (memory->mappings[i].address != NULL) {
        i = (i + 1) & (memory->n_places - 1);
    }
    memory->mappings[i] = mapping;
    memory->n_mappings++;
}

/* Room for one more; at most half of the places are taken. */
static int
grow_table(struct _restrict_memory *memory)
{
    if (2 * (memory->n_mappings + 1) <= memory->n_places) {
        return 0;
    }
    size_t n_old = memory->n_places;
    struct _restrict_mapping *old = memory->mappings;
    size_t n = n_old ? 2 * n_old : 64;
    struct _restrict_mapping *new = PyMem_RawCalloc(n, sizeof(*new));
    if (new == NULL) {
        return -1;
    }
    memory->mappings = new;
    memory->n_places = n;
    memory->n_mappings = 0;
    for (size_t i = 0; i < n_old; i++) {
        if (old[i].address != NULL) {
            put_mapping(memory, old[i]);
        }
    }
    PyMem_RawFree(old);
    return 0;
}

/* Those behind it in the same run of places move up. */
static void
drop_mapping(struct _restrict_memory *memory,
             struct _restrict_mapping *mapping)
{
    size_t mask = memory->n_places - 1;
    size_t i = mapping - memory->mappings;
    mapping->address = NULL;
    memory->n_mappings--;
    for (i = (i + 1) & mask; memory->mappings[i].address != NULL;
         i = (i + 1) & mask)
    {
        struct _restrict_mapping moved = memory->mappings[i];
        memory->mappings[i].address = NULL;
        memory->n_mappings--;
        put_mapping(memory, moved);
    }
}

int
_PyRestrict_AddMapping(struct _restrict_memory *memory, void *address,
                       size_t size)
{
    if (grow_table(memory) < 0) {
        return -1;
    }
    put_mapping(memory, (struct _restrict_mapping){address, size});
    return 0;
}

int
_PyRestrict_IsMapping(const struct _restrict_memory *memory,
                      const void *address)
{
    return find_mapping(memory, address) != NULL;
}

void
_PyRestrict_DropMapping(struct _restrict_memory *memory, const void *address)
{
    drop_mapping(memory, find_mapping(memory, address));
}

/* --- Free mappings that are kept ------------------------------------------------------ */

/* Out of the kept ones, at that index. */
static struct _restrict_mapping
take_kept(struct _restrict_memory *memory, size_t i)
{
    struct _restrict_mapping taken = memory->kept[i];
    memory->n_kept--;
    memory->kept_size -= taken.size;
    memmove(&memory->kept[i], &memory->kept[i + 1],
            (memory->n_kept - i) * sizeof(taken));
    return taken;
}

static void
unmap_oldest(struct _restrict_memory *memory)
{
    struct _restrict_mapping oldest = take_kept(memory, 0);
    munmap(oldest.address, oldest.size);
}

/* A mapping that is in no table any more, and not counted. */
static void
keep_or_unmap(struct _restrict_memory *memory, struct _restrict_mapping unused)
{
    size_t most = Py_MIN(memory->cap / KEPT_PART, KEPT_SIZE);
    if (memory->kept == NULL) {
        memory->kept = PyMem_RawCalloc(KEPT_BLOCKS, sizeof(unused));
    }
    if (unused.size > most || memory->kept == NULL) {
        munmap(unused.address, unused.size);
        return;
    }
    while (memory->n_kept == KEPT_BLOCKS
           || memory->kept_size > most - unused.size)
    {
        unmap_oldest(memory);
    }
    memory->kept[memory->n_kept++] = unused;
    memory->kept_size += unused.size;
}

/* The smallest that is large enough, and not by much.  address NULL: none. */
static struct _restrict_mapping
find_kept(struct _restrict_memory *memory, size_t size)
{
    size_t best = memory->n_kept, best_size = size + size / 4 + 1;
    for (size_t i = 0; i < memory->n_kept; i++) {
        if (memory->kept[i].size >= size && memory->kept[i].size < best_size) {
            best = i;
            best_size = memory->kept[i].size;
        }
    }
    return best < memory->n_kept ? take_kept(memory, best)
                                 : (struct _restrict_mapping){NULL, 0};
}

/* With the interpreter's GIL. */
void
_PyRestrict_GiveBack(struct _restrict_memory *memory)
{
    while (memory->n_kept > 0) {
        unmap_oldest(memory);
    }
    _PyRestrict_HeapTrim(memory);
}

/* --- Blocks --------------------------------------------------------------------------- */

/* What malloc() took for a block, with its own note in front. */
static size_t
cost_of(void *ptr)
{
    return malloc_usable_size(ptr) + sizeof(size_t);
}

static size_t
round_to_page(size_t size)
{
    return (size + PAGE - 1) & ~(size_t)(PAGE - 1);
}

static void *
map_new(struct _restrict_memory *memory, size_t size)
{
    make_room(memory, size);
    if (admit(memory, size, size) < 0) {
        return NULL;
    }
    void *address = mmap(NULL, size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return address != MAP_FAILED ? address : NULL;
}

static void *
map_block(struct _restrict_memory *memory, size_t size, int zeroed)
{
    if (grow_table(memory) < 0) {
        return NULL;
    }
    struct _restrict_mapping mapping = find_kept(memory, round_to_page(size));
    if (mapping.address == NULL) {
        mapping.size = round_to_page(size);
        mapping.address = map_new(memory, mapping.size);
    }
    else if (zeroed) {
        memset(mapping.address, 0, size);
    }
    if (mapping.address == NULL) {
        return NULL;
    }
    put_mapping(memory, mapping);
    _PyRestrict_AddUsed(memory, mapping.size);
    return mapping.address;
}

/* Is it big, and the guest stopped?  Even where there is room. */
static int
is_too_late(const struct _restrict_memory *memory, size_t size)
{
    return size > BIG && _PyRestrict_POLLING()
           && _PyRestrict_IsHit(memory->owner);
}

/* Memory is new from the system, or was this interpreter's before: some
   objects show theirs before it is filled, a bytearray lent to readinto()
   does, and nobody else's may be in it. */
void *
_PyRestrict_LargeAlloc(struct _restrict_memory *memory, size_t size,
                       int zeroed)
{
    if (is_too_late(memory, size)) {
        return NULL;
    }
    if (size >= LARGE) {
        return size <= PY_SSIZE_T_MAX ? map_block(memory, size, zeroed) : NULL;
    }
    void *ptr = _PyRestrict_HeapAlloc(memory, size);
    return ptr != NULL && zeroed ? memset(ptr, 0, size) : ptr;
}

void
_PyRestrict_LargeFree(struct _restrict_memory *memory, void *ptr)
{
    struct _restrict_mapping *mapping = find_mapping(memory, ptr);
    if (mapping != NULL) {
        struct _restrict_mapping unused = *mapping;
        drop_mapping(memory, mapping);
        _PyRestrict_Refund(memory, unused.size);
        keep_or_unmap(memory, unused);
    }
    else if (_PyRestrict_HeapHas(memory, ptr)) {
        _PyRestrict_HeapFree(memory, ptr);
    }
    else {
        free(ptr);  // of an interpreter that counts nothing
    }
}

static void *
remap(struct _restrict_memory *memory, struct _restrict_mapping *mapping,
      size_t size)
{
    struct _restrict_mapping old = *mapping;
    size = round_to_page(size);
    if (size == old.size) {
        return old.address;
    }
    if (size > old.size) {
        if (is_too_late(memory, size)) {
            return NULL;
        }
        make_room(memory, size - old.size);
        if (admit(memory, size - old.size, size - old.size) < 0) {
            return NULL;
        }
    }
    void *address = mremap(old.address, old.size, size, MREMAP_MAYMOVE);
    if (address == MAP_FAILED) {
        return NULL;
    }
    drop_mapping(memory, find_mapping(memory, old.address));
    put_mapping(memory, (struct _restrict_mapping){address, size});
    _PyRestrict_Refund(memory, old.size);
    _PyRestrict_AddUsed(memory, size);
    return address;
}

static void *
move_block(struct _restrict_memory *memory, void *ptr, size_t old_size,
           size_t size)
{
    void *new = _PyRestrict_LargeAlloc(memory, size, 0);
    if (new != NULL) {
        memcpy(new, ptr, Py_MIN(old_size, size));
        _PyRestrict_LargeFree(memory, ptr);
    }
    return new;
}

void *
_PyRestrict_LargeRealloc(struct _restrict_memory *memory, void *ptr,
                         size_t size)
{
    if (size > PY_SSIZE_T_MAX) {
        return NULL;
    }
    struct _restrict_mapping *mapping = find_mapping(memory, ptr);
    if (mapping != NULL) {
        return size >= LARGE ? remap(memory, mapping, size)
                             : move_block(memory, ptr, mapping->size, size);
    }
    if (!_PyRestrict_HeapHas(memory, ptr)) {
        return move_block(memory, ptr, malloc_usable_size(ptr), size);
    }
    if (size < LARGE && _PyRestrict_HeapResize(memory, ptr, size) == 0) {
        return ptr;
    }
    return move_block(memory, ptr, _PyRestrict_HeapSize(ptr), size);
}

/* --- Life ------------------------------------------------------------------------------- */

void
_PyRestrict_InitMemory(PyInterpreterState *interp)
{
    if (interp->restricted != NULL) {
        memory_of(interp)->owner = interp->restricted;
        memory_of(interp)->cap = SIZE_MAX / 2;
    }
}

void
_PyRestrict_FiniMemory(PyInterpreterState *interp)
{
    struct _restrict_memory *memory = memory_of(interp);
    _PyRestrict_HeapFini(memory);
    for (size_t i = 0; i < memory->n_places; i++) {
        if (memory->mappings[i].address != NULL) {
            munmap(memory->mappings[i].address, memory->mappings[i].size);
        }
    }
    while (memory->n_kept > 0) {
        unmap_oldest(memory);
    }
    PyMem_RawFree(memory->kept);
    PyMem_RawFree(memory->mappings);
    *memory = (struct _restrict_memory){0};
}

int
PyRestrict_SetMemoryCap(PyInterpreterState *interp, Py_ssize_t bytes)
{
    if (_PyRestrict_StateOf(interp) == NULL) {
        return -1;
    }
    if (bytes <= 0) {
        PyErr_SetString(PyExc_ValueError, "the memory cap must be positive");
        return -1;
    }
    // Arenas are charged from the first object on; PYTHONMALLOC may have none.
    if (memory_of(interp)->used == 0) {
        PyErr_SetString(PyExc_SystemError,
                        "memory is only counted with the pymalloc allocator");
        return -1;
    }
    memory_of(interp)->cap = (size_t)bytes;
    return 0;
}

/* --- What extensions get elsewhere ----------------------------------------------------- */

int
_PyRestrict_MemoryCharge(Py_ssize_t bytes)
{
    struct _restrict_state *state = _PyRestrict_GetState();
    if (state == NULL || bytes <= 0) {
        return 0;
    }
    struct _restrict_memory *memory = memory_of(state->interp);
    make_room(memory, (size_t)bytes);
    if (_PyRestrict_Charge(memory, (size_t)bytes, (size_t)bytes) < 0) {
        PyErr_NoMemory();
        return -1;
    }
    memory->charged += (size_t)bytes;
    return 0;
}

/* No more than extensions were charged for. */
void
_PyRestrict_MemoryRefund(Py_ssize_t bytes)
{
    struct _restrict_state *state = _PyRestrict_GetState();
    if (state != NULL && bytes > 0) {
        struct _restrict_memory *memory = memory_of(state->interp);
        size_t size = Py_MIN((size_t)bytes, memory->charged);
        memory->charged -= size;
        _PyRestrict_Refund(memory, size);
    }
}

/* In front of each block: whom it was charged to, as the thread may run
   another one, or have let go of its thread state, when it is freed. */
struct library_block {
    struct _restrict_memory *memory;
    size_t size;
};

void *
_PyRestrict_LibraryMalloc(size_t size)
{
    struct _restrict_state *state = _PyRestrict_RunningHere();
    struct library_block *block;
    if (size > PY_SSIZE_T_MAX - sizeof(*block)) {
        return NULL;
    }
    size += sizeof(*block);
    struct _restrict_memory *memory = state ? memory_of(state->interp) : NULL;
    // Nothing is given back to make room: this may be without the GIL.
    if (memory != NULL && admit(memory, size, size) < 0) {
        return NULL;
    }
    block = malloc(size);
    if (block == NULL) {
        return NULL;
    }
    if (memory != NULL) {
        size = cost_of(block);
        _PyRestrict_AddUsed(memory, size);
    }
    *block = (struct library_block){memory, size};
    return block + 1;
}

void *
_PyRestrict_LibraryCalloc(size_t n, size_t size)
{
    if (size != 0 && n > PY_SSIZE_T_MAX / size) {
        return NULL;
    }
    void *ptr = _PyRestrict_LibraryMalloc(n * size);
    return ptr != NULL ? memset(ptr, 0, n * size) : NULL;
}

void
_PyRestrict_LibraryFree(void *ptr)
{
    if (ptr == NULL) {
        return;
    }
    struct library_block *block = (struct library_block *)ptr - 1;
    if (block->memory != NULL) {
        _PyRestrict_Refund(block->memory, block->size);
    }
    free(block);
}

void *
_PyRestrict_PollingMalloc(size_t size)
{
    if (_PyRestrict_POLLING() && _PyRestrict_IsStopped(_PyThreadState_GET())) {
        return NULL;
    }
    return PyMem_Malloc(size);
}

int
_PyRestrict_StoppedHere(void)
{
    const struct _restrict_state *state = _PyRestrict_RunningHere();
    return state != NULL && _PyRestrict_IsHit(state);
}

/* Modules/_decimal/libmpdec asks. */
int
_PyRestrict_LibraryStopped(void)
{
    return _PyRestrict_POLLING()
           && _PyRestrict_IsStopped(_PyThreadState_GET());
}

#endif /* WITH_RESTRICTED */
