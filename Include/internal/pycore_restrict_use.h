/* Is restricted mode in use at all?

   A process that never makes a restricted interpreter, nor runs guarded code,
   pays for the hooks in upstream's code what stands here: a test of one word
   of memory, or nothing.  See Python/restrict_use.c. */

#ifndef Py_INTERNAL_RESTRICT_USE_H
#define Py_INTERNAL_RESTRICT_USE_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#ifdef WITH_RESTRICTED

/* In front of a variable: function gets its address where its block ends. */
#define _PyRestrict_AT_END(function) __attribute__((cleanup(function), unused))

/* Is a word of memory not 0?  It is most unlikely.  Compilers load it into a
   register first, for speed on some processors: an instruction more. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(Py_DEBUG)
static inline Py_ALWAYS_INLINE int
_PyRestrict_IsSet(const int *word)
{
    __asm__ goto("cmpl $0, %0\n\tjne %l1" : : "m"(*word) : "cc" : is_set);
    return 0;
    // clang-format off
is_set: __attribute__((cold));
    // clang-format on
    return 1;
}
#else
#  define _PyRestrict_IsSet(word) __builtin_expect(*(word), 0)
#endif

/* 0 until the process makes its first restricted interpreter or runs guarded
   code for the first time, then 1 for good.  Written before either can run,
   and read without order: whoever may see the old value is the host. */
// Exported for shared extensions.
PyAPI_DATA(int) _PyRestrict_InUse;
#define _PyRestrict_IN_USE() _PyRestrict_IsSet(&_PyRestrict_InUse)
extern void _PyRestrict_PutInUse(void);

/* Not 0 while some interpreter of the process is stopped and not yet ended:
   what C loops look at. */
PyAPI_DATA(int) _PyRestrict_poll;
#define _PyRestrict_POLLING() _PyRestrict_IsSet(&_PyRestrict_poll)

#define _PyRestrict_IS_GUEST()                                                \
    (_PyRestrict_IN_USE() && _PyInterpreterState_GET()->restricted != NULL)

/* An address, as the running program may see it (restrict_address.c). */
// Exported for shared extensions.
PyAPI_FUNC(void *) _PyRestrict_Shown(const void *address);
#define _PyRestrict_SHOWN(address)                                            \
    (_PyRestrict_IN_USE() ? _PyRestrict_Shown(address) : (void *)(address))

/* --- One function, two versions -------------------------------------------- */

/* Each of these stands in place of the first lines of a function, and gives
   it a constant `guest_` to look at: the compiler makes two functions of it,
   and what hooks do under `guest_` is not in the one for trusted code.  params
   and args are in parentheses. */
#define _PyRestrict_BARE(...) __VA_ARGS__
#define _PyRestrict_EITHER_(result, name, params)                             \
    static inline Py_ALWAYS_INLINE result name##_either(                      \
        _PyRestrict_BARE params, const int guest_)

/* The version is chosen at each call, by _PyRestrict_IN_USE(). */
#define _PyRestrict_EITHER(linkage, result, name, params, args)               \
    _PyRestrict_EITHER_(result, name, params);                                \
    static Py_NO_INLINE result name##_in_use params                           \
    {                                                                         \
        return name##_either(_PyRestrict_BARE args, 1);                       \
    }                                                                         \
    linkage result name params                                                \
    {                                                                         \
        if (_PyRestrict_IN_USE()) {                                           \
            return name##_in_use args;                                        \
        }                                                                     \
        return name##_either(_PyRestrict_BARE args, 0);                       \
    }                                                                         \
    _PyRestrict_EITHER_(result, name, params)

/* A function that is called through a pointer: somebody puts the other
   version, `guest_NAME`, in its place. */
#define _PyRestrict_POINTED(result, name, params, args)                       \
    _PyRestrict_EITHER_(result, name, params);                                \
    static result name params                                                 \
    {                                                                         \
        return name##_either(_PyRestrict_BARE args, 0);                       \
    }                                                                         \
    static result guest_##name params                                         \
    {                                                                         \
        return name##_either(_PyRestrict_BARE args, 1);                       \
    }                                                                         \
    _PyRestrict_EITHER_(result, name, params)

/* The same for a slot of a static type, which all interpreters share:
   restrict_use.c does it when restricted mode is first used. */
#define _PyRestrict_SLOT(type, result, name, params, args)                    \
    _PyRestrict_EITHER_(result, name, params);                                \
    static result guest_##name params                                         \
    {                                                                         \
        return name##_either(_PyRestrict_BARE args, 1);                       \
    }                                                                         \
    type const _PyRestrict_##name = (type)guest_##name;                       \
    static result name params                                                 \
    {                                                                         \
        return name##_either(_PyRestrict_BARE args, 0);                       \
    }                                                                         \
    _PyRestrict_EITHER_(result, name, params)

#define _PyRestrict_GUEST_VERSION(name)                                       \
    (_PyRestrict_IS_GUEST() ? guest_##name : (name))

#else /* !WITH_RESTRICTED */

#define _PyRestrict_IS_GUEST() 0
#define _PyRestrict_SHOWN(address) (address)
#define _PyRestrict_EITHER(linkage, result, name, params, args)               \
    linkage result name params
#define _PyRestrict_POINTED(result, name, params, args)                       \
    static result name params
#define _PyRestrict_SLOT(type, result, name, params, args)                    \
    static result name params
#define _PyRestrict_GUEST_VERSION(name) (name)

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_USE_H */
