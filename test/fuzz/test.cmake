# SPDX-License-Identifier: Apache-2.0
# Hostile drivers of virtio devices. For long runs: test-virtio-fuzz 1000000 SEED.
add_executable(test-virtio-fuzz ${CMAKE_CURRENT_LIST_DIR}/virtio.c)
target_link_libraries(test-virtio-fuzz PRIVATE orrery_core)
add_test(NAME fuzz.virtio COMMAND test-virtio-fuzz 500000)
set_tests_properties(fuzz.virtio PROPERTIES TIMEOUT 120)

# Every register of whole boards. For long runs: test-board-fuzz 1000000 SEED.
add_executable(test-board-fuzz ${CMAKE_CURRENT_LIST_DIR}/board.c)
target_link_libraries(test-board-fuzz PRIVATE orrery_core)
add_test(NAME fuzz.board COMMAND test-board-fuzz 400000)
set_tests_properties(fuzz.board PROPERTIES TIMEOUT 120)

# Hostile debuggers. For long runs: test-gdb-fuzz 1000000 SEED.
add_executable(test-gdb-fuzz ${CMAKE_CURRENT_LIST_DIR}/gdb.c)
target_link_libraries(test-gdb-fuzz PRIVATE orrery_core)
add_test(NAME fuzz.gdb COMMAND test-gdb-fuzz 60000)
set_tests_properties(fuzz.gdb PROPERTIES TIMEOUT 120)
# Command lines: test-options-fuzz 1000000 SEED.
add_executable(test-options-fuzz ${CMAKE_CURRENT_LIST_DIR}/options.c ${CMAKE_SOURCE_DIR}/tools/orrery/options.c
  ${CMAKE_SOURCE_DIR}/tools/orrery/qemu_options.c ${CMAKE_SOURCE_DIR}/tools/orrery/shared_options.c
  ${CMAKE_SOURCE_DIR}/tools/orrery/option_table.c ${CMAKE_SOURCE_DIR}/tools/orrery/list.c
  ${CMAKE_SOURCE_DIR}/tools/orrery/date.c)
target_link_libraries(test-options-fuzz PRIVATE orrery_core)
add_test(NAME fuzz.options COMMAND test-options-fuzz 100000)
set_tests_properties(fuzz.options PROPERTIES TIMEOUT 120)

# Device tree blobs: test-devicetree-fuzz 1000000 SEED.
add_executable(test-devicetree-fuzz ${CMAKE_CURRENT_LIST_DIR}/devicetree.c)
target_link_libraries(test-devicetree-fuzz PRIVATE orrery_core)
add_test(NAME fuzz.devicetree COMMAND test-devicetree-fuzz 20000)
set_tests_properties(fuzz.devicetree PROPERTIES TIMEOUT 120)

# Hostile drivers of PCI controllers: test-nvme-fuzz 1000000 SEED, and so on.
set(nvme_runs 200000)
set(ahci_runs 200000)
set(e1000e_runs 60000)
foreach(card nvme ahci e1000e)
  add_executable(test-${card}-fuzz ${CMAKE_CURRENT_LIST_DIR}/${card}.c)
  target_link_libraries(test-${card}-fuzz PRIVATE orrery_core)
  add_test(NAME fuzz.${card} COMMAND test-${card}-fuzz ${${card}_runs})
  set_tests_properties(fuzz.${card} PROPERTIES TIMEOUT 120)
endforeach()

# Hostile software at the VT-d unit: test-vtd-fuzz 1000000 SEED.
add_executable(test-vtd-fuzz ${CMAKE_CURRENT_LIST_DIR}/vtd.c)
target_link_libraries(test-vtd-fuzz PRIVATE orrery_core)
add_test(NAME fuzz.vtd COMMAND test-vtd-fuzz 300000)
set_tests_properties(fuzz.vtd PROPERTIES TIMEOUT 120)

# Damaged kernels for PCs: test-x86-kernel-fuzz 1000000 SEED.
add_executable(test-x86-kernel-fuzz ${CMAKE_CURRENT_LIST_DIR}/x86_kernel.c)
target_link_libraries(test-x86-kernel-fuzz PRIVATE orrery_core)
add_test(NAME fuzz.x86_kernel COMMAND test-x86-kernel-fuzz 40000)
set_tests_properties(fuzz.x86_kernel PROPERTIES TIMEOUT 120)

# Damaged kernels for LoongArch, packed or not: test-image-fuzz 1000000 SEED.
add_executable(test-image-fuzz ${CMAKE_CURRENT_LIST_DIR}/image.c)
target_link_libraries(test-image-fuzz PRIVATE orrery_core PkgConfig::LIBS)
add_test(NAME fuzz.image COMMAND test-image-fuzz 4000)
set_tests_properties(fuzz.image PROPERTIES TIMEOUT 120)
