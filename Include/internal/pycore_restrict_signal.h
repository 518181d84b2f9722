/* Signals of the host while a guest runs: see Python/restrict_signal.c. */

#ifndef Py_INTERNAL_RESTRICT_SIGNAL_H
#define Py_INTERNAL_RESTRICT_SIGNAL_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#ifdef WITH_RESTRICTED

/* In the handler of a signal. */
extern void _PyRestrict_SignalReceived(int signal);
#define _PyRestrict_SIGNAL_RECEIVED(signal) _PyRestrict_SignalReceived(signal)

struct _restrict_guest;

/* The guest begins to run on this thread; returns what to give to Leave. */
extern struct _restrict_guest *_PyRestrict_SignalsEnter(
    struct _restrict_guest *guest);
extern void _PyRestrict_SignalsLeave(struct _restrict_guest *before);

/* Let the host handle what came, if something did and this thread state runs
   the guest: 1 if so. */
extern int _PyRestrict_HandleSignals(PyThreadState *tstate);

/* Has one come that the host has not handled yet? */
extern int _PyRestrict_SignalWaits(void);

/* In the child of a fork: the main thread is the one that forked. */
extern void _PyRestrict_SignalsAfterFork(void);

#else

#define _PyRestrict_SIGNAL_RECEIVED(signal)

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_SIGNAL_H */
