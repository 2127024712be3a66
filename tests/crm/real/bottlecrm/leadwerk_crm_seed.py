"""An organisation, an administrator and their access token, which is printed."""

import django

django.setup()

from common.models import Org, PersonalAccessToken, Profile, User

user = User.objects.create(email="leadwerk@example.com", is_active=True)
org = Org.objects.create(name="Leadwerk")
profile = Profile.objects.create(user=user, org=org, role="ADMIN", is_organization_admin=True, is_active=True)
print(next(part for part in PersonalAccessToken.generate(profile, "leadwerk") if isinstance(part, str)))
