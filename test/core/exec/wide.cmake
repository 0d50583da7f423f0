# SPDX-License-Identifier: Apache-2.0
# fake_mmu.h stands in for the real slow paths, which come along with the library's other objects.
set(TEST_LIBS -Wl,--allow-multiple-definition)
