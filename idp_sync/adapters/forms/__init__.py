"""Applications as people send them: XLSX, DOCX, CSV, JSON, JSON lines and YAML.

reader       Reader, which fulfils ports.FormReader
 ├ sniff       what kind of file it is, by its content
 ├ decoding    bytes → text
 ├ office_zip  the hardened opening of XLSX and DOCX
 ├ xlsx, docx, delimited   → a grid of cells
 │   └ layout   a grid → applications, with header (labels), columns (the table) and units
 ├ structured  JSON, JSON lines, YAML → applications
 └ guard       what the libraries raise → InputError
"""

from idp_sync.adapters.forms.reader import Reader
from idp_sync.adapters.forms.structured import application_from_document, known_from_context

__all__ = ["Reader", "application_from_document", "known_from_context"]
