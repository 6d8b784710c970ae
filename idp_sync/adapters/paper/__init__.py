"""Paper, both ways: forms, letters and application files as HTML and PDF; blank forms as DOCX and XLSX to fill in.

paper        Paper, the one that others use
 ├ definitions  roles/forms.yaml and the names of the permissions, as far as paper needs them
 ├ words        what is printed on a form beside its columns: requests, addressees, field labels
 ├ sheets       an application → sheets of five rows
 ├ attaching    attachments → pages
 ├ typesetting  templates → HTML → PDF; alone imports WeasyPrint, and only when something is printed
 ├ qr           the code that finds a record again
 └ fillable     the layout of a blank form to type in
     ├ workbook    → XLSX
     └ document    → DOCX
"""

from idp_sync.adapters.paper.paper import Paper

__all__ = ["Paper"]
