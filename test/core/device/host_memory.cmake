# SPDX-License-Identifier: Apache-2.0
set(TEST_LIBS "-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=mmap")
