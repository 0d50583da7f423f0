# SPDX-License-Identifier: Apache-2.0
# What -device and -global refuse, and in which words.
if(TARGET orrery)
  add_test(NAME devices.virtio.options COMMAND ${CMAKE_CURRENT_LIST_DIR}/options $<TARGET_FILE:orrery>)
endif()
