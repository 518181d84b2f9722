/* What becomes of guests in the child of a fork.

   CPython clears every other interpreter there, and dies of it: clearing takes
   a thread state of that interpreter, and its objects and its lock may be in
   the hands of threads that are no more.  A restricted interpreter is left
   alone.  It is in no list any longer, its memory is not given back, and
   whoever holds it has to let go of it (_restrict.Guest.forget()); but for the
   thread that forked in the middle of it, which finds it as it was. */

#ifndef Py_INTERNAL_RESTRICT_FORK_H
#define Py_INTERNAL_RESTRICT_FORK_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#ifdef WITH_RESTRICTED

/* interp no longer counts as a user of the static types it used. */
extern void _PyRestrict_UncountStaticTypes(PyInterpreterState *interp);

/* In the loop over what is not the main interpreter. */
#define _PyRestrict_LEAVE_ALONE(interp)                                       \
    if ((interp)->restricted != NULL) {                                       \
        _PyRestrict_UncountStaticTypes(interp);                               \
        (interp) = (interp)->next;                                            \
        continue;                                                             \
    }

#else

#define _PyRestrict_LEAVE_ALONE(interp)

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_FORK_H */
