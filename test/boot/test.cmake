# SPDX-License-Identifier: Apache-2.0
# Boots of the stock Debian kernel; skipped when tools/fetch-guest has not been run.
if(NOT ORRERY_SANITIZE)
  set(boot ${CMAKE_SOURCE_DIR}/test/boot)
  add_test(NAME boot.jit COMMAND ${boot}/boots $<TARGET_FILE:orrery>)
  add_test(NAME boot.smp4 COMMAND ${boot}/boots $<TARGET_FILE:orrery> --smp 4)
  add_test(NAME boot.interp COMMAND ${boot}/boots $<TARGET_FILE:orrery> --exec interp)
  add_test(NAME boot.inorder COMMAND ${boot}/boots $<TARGET_FILE:orrery> --timing inorder)
  add_test(NAME boot.deterministic COMMAND ${boot}/deterministic $<TARGET_FILE:orrery>)
  add_test(NAME boot.virtio.packed COMMAND ${boot}/virtio $<TARGET_FILE:orrery>)
  add_test(NAME boot.virtio.legacy COMMAND ${boot}/virtio $<TARGET_FILE:orrery> legacy)
  add_test(NAME boot.virtio.transports COMMAND ${boot}/virtio_transports $<TARGET_FILE:orrery>)
  set_tests_properties(boot.virtio.transports boot.virtio.packed boot.virtio.legacy boot.jit boot.smp4 boot.interp boot.inorder boot.deterministic
    PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 LABELS boot)
endif()
