# SPDX-License-Identifier: Apache-2.0
# The VGA beside QEMU's; skipped without the QEMU of tools/fetch-peer. For other accesses: vga_same_as_qemu PLAYER SEED.
add_executable(test-vga-player ${CMAKE_CURRENT_LIST_DIR}/vga.c)
target_link_libraries(test-vga-player PRIVATE test_generic orrery_core PkgConfig::CHECK)
add_test(NAME devices.peer.vga COMMAND ${CMAKE_CURRENT_LIST_DIR}/vga_same_as_qemu $<TARGET_FILE:test-vga-player>)
set_tests_properties(devices.peer.vga PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
