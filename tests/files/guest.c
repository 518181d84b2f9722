/* Run a script in a restricted interpreter with grants:

       guest [OPTION ARGUMENT...]... SCRIPT

   --file PATH MODE, --dir PATH MODE, --path FOLDER, --cwd FOLDER,
   --file-size BYTES, --open-files N, --walk (without openat2), --info,
   --trusted (the main interpreter, for comparison), --count (exit with 4 if
   the guest leaves a descriptor open).  Each denial is a line on descriptor 3,
   if that is open: capability, subject, grant. */

#include "Python.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

extern int _PyRestrict_AddSourcePath(PyInterpreterState *, const char *);
extern int _PyRestrict_SetWorkingDirectory(PyInterpreterState *, const char *);
extern void _PyRestrict_UseOpenat2(int);

static void
report(const PyRestrictDenial *denial, void *arg)
{
    dprintf(3, "%s\t%s\t%s\n", denial->capability, denial->subject,
            denial->grant != NULL ? denial->grant : "");
}

static char *
read_script(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    char *text = calloc(1, 1 << 20);
    fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

static int counting;

static int
count_descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++) {
        n += fcntl(fd, F_GETFD) >= 0;
    }
    return n;
}

/* One option; the number of words it took. */
static int
apply(PyInterpreterState *interp, char **argv)
{
    const char *option = argv[0];
    int err, words = 2;
    if (strcmp(option, "--file") == 0) {
        err = PyRestrict_AllowFile(interp, argv[1], argv[2]);
        words = 3;
    }
    else if (strcmp(option, "--dir") == 0) {
        err = PyRestrict_AllowDirectory(interp, argv[1], argv[2]);
        words = 3;
    }
    else if (strcmp(option, "--path") == 0) {
        err = _PyRestrict_AddSourcePath(interp, argv[1]);
    }
    else if (strcmp(option, "--cwd") == 0) {
        err = _PyRestrict_SetWorkingDirectory(interp, argv[1]);
    }
    else if (strcmp(option, "--file-size") == 0) {
        err = PyRestrict_SetFileSizeCap(interp, atoll(argv[1]));
    }
    else if (strcmp(option, "--open-files") == 0) {
        err = PyRestrict_SetOpenFilesCap(interp, atoi(argv[1]));
    }
    else if (strcmp(option, "--info") == 0) {
        err = PyRestrict_AllowFilesystemInfo(interp);
        words = 1;
    }
    else if (strcmp(option, "--count") == 0) {
        counting = 1;
        err = 0;
        words = 1;
    }
    else if (strcmp(option, "--walk") == 0) {
        _PyRestrict_UseOpenat2(0);
        err = 0;
        words = 1;
    }
    else {
        fprintf(stderr, "guest: what is %s?\n", option);
        exit(2);
    }
    if (err < 0) {
        PyErr_Print();
        exit(3);
    }
    return words;
}

int
main(int argc, char **argv)
{
    Py_InitializeEx(0);
    PyThreadState *host = PyThreadState_Get();
    int trusted = argc > 1 && strcmp(argv[1], "--trusted") == 0;
    if (trusted) {
        int failed = PyRun_SimpleString(read_script(argv[argc - 1]));
        return Py_FinalizeEx() < 0 || failed;
    }
    int before = count_descriptors();
    PyThreadState *guest = PyRestrict_NewInterpreter();
    if (guest == NULL) {
        fprintf(stderr, "guest: no restricted interpreter\n");
        return 2;
    }
    PyInterpreterState *interp = PyThreadState_GetInterpreter(guest);
    PyRestrict_UseTrueStdin(interp);
    PyRestrict_UseTrueStdout(interp);
    PyRestrict_UseTrueStderr(interp);
    PyRestrict_SetDenialHook(interp, report, NULL);
    for (int i = 1; i < argc - 1;) {
        i += apply(interp, argv + i);
    }
    int failed = PyRun_SimpleString(read_script(argv[argc - 1]));
    Py_EndInterpreter(guest);
    PyThreadState_Swap(host);
    if (counting && count_descriptors() != before) {
        return 4;
    }
    return Py_FinalizeEx() < 0 || failed;
}
