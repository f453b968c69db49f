# SPDX-License-Identifier: Apache-2.0
"""What several tests share. A test puts tests/ on its path: see tests/lib/README.md."""
