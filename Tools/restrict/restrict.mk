# The rules of restricted mode, included by CPython's Makefile in each flavour
# (Makefile.pre.in.patch). What stands here needs no patch, and sysconfig, which
# reads the Makefile but not what it includes, never sees it.

# Every Python/restrict*.c is part of the core.
RESTRICT_OBJS = $(patsubst $(srcdir)/%.c,%.o,$(sort $(wildcard $(srcdir)/Python/restrict*.c))) \
	$(RESTRICT_LIB_OBJS)

# The small libraries of CPython's own that modules of Setup.local stand on. They
# become part of libpython.a, so that an embedding program finds them there.
RESTRICT_LIB_OBJS = \
	$(if $(findstring $(LIBMPDEC_A),$(MODLIBS)),$(LIBMPDEC_OBJS)) \
	$(if $(findstring $(LIBEXPAT_A),$(MODLIBS)),$(LIBEXPAT_OBJS)) \
	$(if $(findstring $(LIBHACL_SHA2_A),$(MODLIBS)),$(LIBHACL_SHA2_OBJS))

# One file less changes no time stamp: the list itself is what to relink for.
$(shell echo '$(RESTRICT_OBJS)' | cmp -s - restrict.objs || echo '$(RESTRICT_OBJS)' >restrict.objs)
$(sort $(LIBRARY) $(LDLIBRARY) $(BUILDPYTHON)): restrict.objs

# Folders of ours below Lib, for make install.
RESTRICT_LIBSUBDIRS = $(shell cd $(srcdir)/Lib && \
	find restrict -type d ! -name __pycache__ 2>/dev/null | sort)

# The compiler writes down which headers each object was made from, so that an
# edit of one of ours rebuilds those objects and no others. (PYTHON_HEADERS, the
# upstream way, would rebuild everything.)
PY_STDMODULE_CFLAGS += -MMD -MP
-include $(wildcard *.d */*.d */*/*.d */*/*/*.d)
